// Choosing a person or a day shows that day; the button is for those without scripts.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosend]");
  if (form) form.requestSubmit();
});

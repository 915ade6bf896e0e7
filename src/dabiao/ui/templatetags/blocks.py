"""What pages are made of: headline, cards, forms. A block's parts are divided as `{% else %}` divides an if."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.forms import BaseForm
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


class Block(template.Node):
    """A block of named parts, given to its template as HTML beside the values of its arguments.

    Django's `simple_block_tag` knows one part; a headline has three.
    """

    def __init__(
        self, file: str, parts: Mapping[str, NodeList], values: Mapping[str, FilterExpression]
    ) -> None:
        self.file, self.parts, self.values = file, parts, values

    def render(self, context: template.Context) -> SafeString:
        said = {
            name: mark_safe(nodes.render(context).strip()) for name, nodes in self.parts.items()
        }  # rendered, so escaped
        given = {name: value.resolve(context) for name, value in self.values.items()}
        engine: Any = context.template.engine  # type: ignore[union-attr]  # it is set while a template is rendered
        drawn: str = engine.get_template(self.file).render(context.new({**given, **said}))
        return mark_safe(drawn)


def _parts(parser: Parser, first: str, dividers: Sequence[str], end: str) -> dict[str, NodeList]:
    """What stands before the first divider, and after each."""
    parts, name = {}, first
    while True:
        parts[name] = parser.parse((*dividers, end))
        name = parser.next_token().contents
        if name == end:
            return parts


def _values(parser: Parser, token: Token, names: Sequence[str]) -> dict[str, FilterExpression]:
    """Arguments of a tag, by place and then by name. Raises TemplateSyntaxError for one that it has not got."""
    tag, *bits = token.split_contents()
    values: dict[str, FilterExpression] = {}
    for place, bit in enumerate(bits):
        named = token_kwargs([bit], parser) or {names[min(place, len(names) - 1)]: parser.compile_filter(bit)}
        if unknown := named.keys() - set(names):
            raise template.TemplateSyntaxError(
                f"{tag}: {', '.join(unknown)} is not one of {', '.join(names)}"
            )
        values |= named
    return values


CARD: Final = ("title", "classes", "tone", "key")


@register.tag
def page(parser: Parser, _token: Token) -> Block:
    """`{% page %}` title `{% sentence %}` why `{% acts %}` buttons `{% endpage %}`; the last two may be missing."""
    return Block("_page.html", _parts(parser, "title", ("sentence", "acts"), "endpage"), {})


@register.tag
def card(parser: Parser, token: Token) -> Block:
    """`{% card title classes %}` … `{% endcard %}`; what stands before a `{% body %}` goes beside the title."""
    parts = _parts(parser, "beside", ("body",), "endcard")
    if "body" not in parts:
        parts = {"body": parts["beside"]}
    return Block("_card.html", parts, _values(parser, token, CARD))


@register.inclusion_tag("_form_box.html", takes_context=True)
def form(
    context: template.Context, form: BaseForm, button: str, *, action: str = "", icon: str = "", back: str = "", quiet: bool = False
) -> dict[str, Any]:  # fmt: skip
    """A form with its button; `back` adds a way out, `quiet` is for one beside the page's main button."""
    token = context.get("csrf_token")
    return {
        "form": form,
        "button": button,
        "action": action,
        "icon": icon,
        "back": back,
        "quiet": quiet,
        "csrf_token": token,
    }

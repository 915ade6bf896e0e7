"""Addresses of the organisation."""

from django.urls import path

from dabiao.org.pages import people, units, users, vacancies

app_name = "org"
urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/add/", people.person_add, name="person-add"),
    path("people/<path:key>/seats/", people.seat_add, name="person-seat-add"),
    path("people/<path:key>/seats/<int:pk>/end/", people.seat_end, name="person-seat-end"),
    path("people/<path:key>/seats/<int:pk>/remove/", people.seat_remove, name="person-seat-remove"),
    path("people/<path:key>/absences/", people.absence_add, name="person-absence-add"),
    path("people/<path:key>/absences/<int:pk>/remove/", people.absence_remove, name="person-absence-remove"),
    path("people/<path:key>/", people.person, name="person"),
    path("units/add/", units.root_add, name="unit-root-add"),
    path("units/<path:key>/units/", units.unit_add, name="unit-add"),
    path("units/<path:key>/positions/", units.position_add, name="unit-position-add"),
    path("units/<path:key>/remove/", units.unit_remove, name="unit-remove"),
    path("units/<path:key>/", units.unit, name="unit"),
    path("vacancies/", vacancies.vacancies, name="vacancies"),
    path("import/", units.import_table, name="import"),
    path("import/<str:table>.xlsx", units.import_template, name="import-template"),
    path("users/", users.users, name="users"),
    path("users/add/", users.user_add, name="user-add"),
    path("users/<str:username>/", users.user, name="user"),
    path("users/<str:username>/password/", users.user_password, name="user-password"),
    path("users/<str:username>/grants/", users.user_grant, name="user-grant"),
    path("users/<str:username>/grants/<int:pk>/end/", users.grant_end, name="user-grant-end"),
    path("tokens/", users.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", users.token_revoke, name="token-revoke"),
]

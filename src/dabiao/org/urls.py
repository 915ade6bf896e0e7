"""Addresses of the organisation."""

from django.urls import path

from dabiao.org.pages import people, units, users, vacancies

app_name = "org"
urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/add/", people.person_add, name="person-add"),
    path("people/<key:key>/seats/", people.seat_add, name="person-seat-add"),
    path("people/<key:key>/seats/<int:pk>/end/", people.seat_end, name="person-seat-end"),
    path("people/<key:key>/seats/<int:pk>/remove/", people.seat_remove, name="person-seat-remove"),
    path("people/<key:key>/absences/", people.absence_add, name="person-absence-add"),
    path("people/<key:key>/absences/<int:pk>/remove/", people.absence_remove, name="person-absence-remove"),
    path("people/<key:key>/", people.person, name="person"),
    path("units/add/", units.root_add, name="unit-root-add"),
    path("units/<key:key>/units/", units.unit_add, name="unit-add"),
    path("units/<key:key>/positions/", units.position_add, name="unit-position-add"),
    path("units/<key:key>/remove/", units.unit_remove, name="unit-remove"),
    path("units/<key:key>/", units.unit, name="unit"),
    path("vacancies/", vacancies.vacancies, name="vacancies"),
    path("import/", units.import_table, name="import"),
    path("import/<str:table>.xlsx", units.import_template, name="import-template"),
    path("users/", users.users, name="users"),
    path("users/add/", users.user_add, name="user-add"),
    path("users/<key:username>/password/", users.user_password, name="user-password"),
    path("users/<key:username>/grants/", users.user_grant, name="user-grant"),
    path("users/<key:username>/grants/<int:pk>/end/", users.grant_end, name="user-grant-end"),
    path("users/<key:username>/", users.user, name="user"),
    path("tokens/", users.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", users.token_revoke, name="token-revoke"),
]

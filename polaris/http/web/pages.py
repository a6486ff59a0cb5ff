"""The table of pages: everything that people in a browser can reach, in one place."""

from __future__ import annotations

from polaris.http.web import cli_login, dashboard, floor, orgs, session, sign_in
from polaris.http.web.site import Page

PAGES: tuple[Page, ...] = (
    # The way in: sign_in, orgs
    Page("GET", "/", orgs.landing, "public"),
    Page("GET", "/sign-in", sign_in.show, "public"),
    Page("GET", "/sign-in/oidc", sign_in.begin, "public"),
    Page("GET", sign_in.CALLBACK, sign_in.finish, "public"),
    Page("POST", "/sign-in/local", sign_in.sign_in_locally, "public"),
    Page("POST", "/sign-out", sign_in.sign_out, "public"),
    Page("GET", "/sign-up", orgs.sign_up, "person"),
    Page("POST", "/sign-up", orgs.found, "person"),
    Page("GET", "/o", orgs.show, "person"),
    Page("POST", "/o/{org}/join", orgs.join, "person"),
    Page("GET", "/invites/{org}/{secret}", orgs.show_invite, "public"),
    Page("POST", "/invites/{org}/{secret}", orgs.accept, "person"),
    # The command line signs in: cli_login
    Page("GET", "/cli/authorize", cli_login.ask, "person"),
    Page("POST", "/cli/authorize", cli_login.decide, "person"),
    Page("GET", "/device", cli_login.show_device, "person"),
    Page("POST", "/device", cli_login.answer_device, "person"),
    Page("POST", "/cli/device", cli_login.begin_device, "machine"),
    Page("POST", "/cli/token", cli_login.give_token, "machine"),
    # Projects: dashboard, floor, session
    Page("GET", "/o/{org}", dashboard.show),
    Page("POST", "/o/{org}/projects", dashboard.create_project),
    Page("POST", "/o/{org}/p/{p}/archive", dashboard.archive_project),
    Page("POST", "/o/{org}/p/{p}/restore", dashboard.restore_project),
    Page("GET", "/o/{org}/p/{p}", floor.show),
    Page("GET", "/o/{org}/p/{p}/live", floor.live),
    Page("POST", "/o/{org}/p/{p}/say", floor.say),
    Page("POST", "/o/{org}/p/{p}/read", floor.mark_read),
    Page("GET", "/o/{org}/p/{p}/e/{seq}", floor.show_event),
    Page("GET", "/o/{org}/p/{p}/s/{s}", session.show),
    Page("GET", "/o/{org}/p/{p}/s/{s}/live", session.live),
    Page("POST", "/o/{org}/p/{p}/s/{s}/advise", session.advise),
    Page("POST", "/o/{org}/p/{p}/s/{s}/claim", session.claim),
    Page("POST", "/o/{org}/p/{p}/s/{s}/release", session.release),
    Page("POST", "/o/{org}/p/{p}/s/{s}/policies", session.set_policy),
    Page("POST", "/o/{org}/p/{p}/deliveries/{id}", session.decide),
    # Settings
)

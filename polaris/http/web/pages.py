"""The table of pages: everything that people in a browser can reach, in one place."""

from __future__ import annotations

from polaris.http.web import orgs, sign_in
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
    # Projects: dashboard, floor, session
    # Settings
)

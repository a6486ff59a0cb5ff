"""What a secret looks like: the tables behind `polaris.redact`.

No rule's name may hold one of `KEYWORDS`: a placeholder must never look like a named secret itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Secrets with a form of their own; the name of the group is the name of the rule. `redact` tries them only where there
# are sixteen letters, digits, - and _ in a row, which each of these has.
PROVIDERS = re.compile(
    r"(?P<aws>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9]))"
    r"|(?P<github>gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})"
    r"|(?P<gitlab>gl(?:pat|ptt|dt|rt|rtr|cbt|imt|soat|ft|agent|ffct|oas|wt)-[A-Za-z0-9_.=-]{16,300})"
    r"|(?P<anthropic>sk-ant-[A-Za-z0-9_-]{12,255})"
    r"|(?P<openrouter>sk-or-[A-Za-z0-9_-]{20,255})"
    r"|(?P<openai>sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,300}|sk-(?=[A-Za-z]*[0-9])[A-Za-z0-9]{20,255}"
    r"|sess-[A-Za-z0-9]{32,64})"
    r"|(?P<slack>xox[abceoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,300}|xapp-[0-9]-[A-Za-z0-9-]{20,300}"
    r"|xwfp-[A-Za-z0-9-]{20,300})"
    r"|(?P<google>AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,1000}|GOCSPX-[A-Za-z0-9_-]{20,60}"
    r"|1//0[0-9A-Za-z_-]{30,200})"
    r"|(?P<stripe>(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{20,100})"
    r"|(?P<npm>npm_[A-Za-z0-9]{30,60})"
    r"|(?P<pypi>pypi-[A-Za-z0-9_-]{50,1000})"
    r"|(?P<rubygems>rubygems_[a-f0-9]{48})"
    r"|(?P<crates>cio[A-Za-z0-9]{32}(?![A-Za-z0-9]))"
    r"|(?P<sendgrid>SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64})"
    r"|(?P<twilio>(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9]))"
    r"|(?P<mailgun>(?:key|pubkey)-[0-9a-f]{32}(?![A-Za-z0-9]))"
    r"|(?P<mailchimp>[0-9a-f]{32}-us[0-9]{1,2}(?![0-9]))"
    r"|(?P<jwt>eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,16384}\.[A-Za-z0-9_-]{8,4096}"
    r"|eyJ[A-Za-z0-9_-]{15,4096}\.[A-Za-z0-9_-]{0,1024}\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{8,16384}\.[A-Za-z0-9_-]{8,64})"
    r"|(?P<polaris>plr_[a-z]_[0-9A-Za-z]{20,80})"
    r"|(?P<huggingface>hf_[A-Za-z0-9]{30,60}|api_org_[A-Za-z0-9]{30,60})"
    r"|(?P<vault>hv[sbr]\.[A-Za-z0-9_-]{20,300})"
    r"|(?P<terraform>[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,90})"
    r"|(?P<digitalocean>do[opr]_v1_[a-f0-9]{64})"
    r"|(?P<databricks>dapi[a-f0-9]{32}(?:-[0-9])?(?![a-z0-9]))"
    r"|(?P<docker>dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,64})"
    r"|(?P<shopify>shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})"
    r"|(?P<square>sq0[a-z]{3}-[A-Za-z0-9_-]{22,60})"
    r"|(?P<grafana>gl(?:sa|c)_[A-Za-z0-9+/=_]{32,400})"
    r"|(?P<sentry>sntry[su]_[A-Za-z0-9+/=_]{40,400})"
    r"|(?P<newrelic>NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_-]{32})"
    r"|(?P<linear>lin_(?:api|oauth)_[A-Za-z0-9]{32,64})"
    r"|(?P<notion>ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9]))"
    r"|(?P<figma>figd_[A-Za-z0-9_-]{36,60})"
    r"|(?P<postman>PMAK-[a-f0-9]{24}-[a-f0-9]{34})"
    r"|(?P<planetscale>pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,64})"
    r"|(?P<supabase>sb[ps]_(?:secret_)?[A-Za-z0-9_]{30,60})"
    r"|(?P<atlassian>ATATT3[A-Za-z0-9_=-]{50,250}|ATBB[A-Za-z0-9]{32}(?![A-Za-z0-9]))"
    r"|(?P<tailscale>tskey-[a-z]+-[A-Za-z0-9-]{16,80})"
    r"|(?P<groq>gsk_[A-Za-z0-9]{40,60})"
    r"|(?P<xai>xai-[A-Za-z0-9]{60,100})"
    r"|(?P<perplexity>pplx-[A-Za-z0-9]{40,64})"
    r"|(?P<replicate>r8_[A-Za-z0-9]{36,40})"
    r"|(?P<langsmith>lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10})"
    r"|(?P<flyio>fo1_[A-Za-z0-9_-]{40,60}|fm[12][ar]?_[A-Za-z0-9+/=_-]{60,1000})"
    r"|(?P<onepassword>ops_eyJ[A-Za-z0-9+/=_-]{100,2000})"
    r"|(?P<doppler>dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{40,44})"
    r"|(?P<pulumi>pul-[a-f0-9]{40})"
    r"|(?P<heroku>HRKU-[A-Za-z0-9_-]{30,80})"
    r"|(?P<dropbox>sl\.[A-Za-z0-9_-]{60,1400})"
    r"|(?P<discord>[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})"
    r"|(?P<dynatrace>dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64})"
    r"|(?P<airtable>pat[A-Za-z0-9]{14}\.[a-f0-9]{64})"
    r"|(?P<netlify>nf[pcou]_[A-Za-z0-9]{36,60})"
    r"|(?P<sourcegraph>sgp_(?:(?:[a-f0-9]{16}|local)_)?[a-f0-9]{40})"
    r"|(?P<buildkite>bk[uac]{1,3}_[a-f0-9]{40})"
    r"|(?P<circleci>CCIP(?:AT|RJ)_[A-Za-z0-9]{16,32}_[a-f0-9]{40})"
    r"|(?P<hubspot>pat-(?:na|eu|ap)[0-9]-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<adafruit>aio_[A-Za-z0-9]{28}(?![A-Za-z0-9]))"
    r"|(?P<typeform>tfp_[A-Za-z0-9_.=-]{40,80})"
    r"|(?P<contentful>CFPAT-[A-Za-z0-9_-]{43})"
    r"|(?P<mapbox>sk\.eyJ[A-Za-z0-9_-]{20,300}\.[A-Za-z0-9_-]{20,60})"
    r"|(?P<brevo>xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}|xsmtpsib-[a-f0-9]{64}-[A-Za-z0-9]{16})"
    r"|(?P<easypost>EZ[AT]K[A-Za-z0-9]{54})"
    r"|(?P<alibaba>LTAI[A-Za-z0-9]{20}(?![A-Za-z0-9]))"
    r"|(?P<facebook>EAA[A-Za-z0-9]{80,300})"
    r"|(?P<azuredevops>[A-Za-z0-9]{52,76}AZDO[A-Za-z0-9]{4,28})"
    r"|(?P<azure>[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})"
    r"|(?P<age>AGE-SECRET-KEY-1[A-Z0-9]{50,64})"
)


class Place(NamedTuple):
    """A secret known by what stands around it, tried only at *word*, which is in lower case.

    *hint* is for `polaris.secret_hints`. Group 1 of the pattern is the secret, or all of it where there is none.
    """

    hint: str
    word: bytes
    rule: str
    pattern: re.Pattern[str]


def _place(hint: str, word: str, rule: str, pattern: str) -> Place:
    return Place(hint, word.encode(), rule, re.compile(pattern))


# A line's break may stand in a text of JSON inside of a text.
_S = r"(?:\s|\\[nrt])"
_QUOTE = r"\\{0,8}[\"']?"
_COOKIES = r"([\w.-]{1,100}=(?=[^;\s\"'\\]{0,300}[0-9])[^;\s\"'\\$<{]{8,4096}[^\r\n\"'\\]{0,4096})"
PLACES: tuple[Place, ...] = (
    _place(
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY",
        "-----begin",
        "pem",
        # Up to the end, but never over the beginning of another; without an end as far as it looks like one.
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-(?!----BEGIN)){0,20000}?"
        r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|(?:[A-Za-z0-9+/=\\\s:,.]|-(?!----BEGIN))*)",
    ),
    _place(r"Private-Lines: ?[0-9]", "private-lines", "pem", rf"Private-Lines: ?[0-9]+{_S}+([A-Za-z0-9+/=\\\s]+)"),
    _place(
        r"hooks\.slack\.com/",
        "hooks.slack.com",
        "slack",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,200})",
    ),
    _place("/api/webhooks/", "/api/webhooks/", "discord", r"/api/webhooks/[0-9]{15,22}/([A-Za-z0-9_-]{40,100})"),
    _place(rf"-pass(?:in|out)?{_S}pass:", "-pass", "flag", r"(?<=\s)-pass(?:in|out)?\spass:([^\s\"'\\$]{4,200})"),
    _place(r"\$6\$", "$6$", "crypt", r"\$6\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}"),
    _place(r"\$5\$", "$5$", "crypt", r"\$5\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}"),
    _place(r"\$y\$", "$y$", "crypt", r"\$y\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"),
    _place(
        r"\$argon2",
        "$argon2",
        "crypt",
        r"\$argon2(?:id?|d)\$[A-Za-z0-9=,$]{4,60}\$[A-Za-z0-9+/]{8,86}\$[A-Za-z0-9+/]{20,172}",
    ),
    _place(r"\$2[abxy]\$[0-9]", "$2", "bcrypt", r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}"),
    _place("[0-9]:AA[A-Za-z0-9_-]{33}", ":aa", "telegram", r"(?<=[0-9]{8}):(AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])"),
    _place(
        r"://[^\s/?#:@\"'<>\\]*:[^\s/\"'<>\\]+@",
        "://",
        "url",
        r"://[^\s/?#:@\"'<>\\]{0,300}:((?![*$<{\[]|%[sd(])[^\s/\"'<>\\]{1,600})@",
    ),
    _place(
        r"://[^\s/?#:@\"'<>\\]{20,300}@",
        "://",
        "url",
        r"://((?=[A-Za-z_-]{0,300}[0-9])[^\s/?#:@\"'<>\\\[]{20,300})@",
    ),
    _place(
        r"(?i:authorization)\\*[\"']?\]?\s{0,3}[:=,]",
        "authorization",
        "header",
        r"(?i)authorization(?:\\{0,8}[\"'])?\]?\s{0,3}"
        r"(?:[:=]\s{0,3}|(?:=>|,)\s{0,3}(?=\\{0,8}[\"'](?:bearer|basic|token)\s))"
        r"(?:\\{0,8}[\"'])?(?:(?:bearer|basic|token|apikey|digest|negotiate|bot)\s+)?"
        r"((?![$<{%\[*])(?!AWS4-)[^\s\"'\\,;<>()]{8,8192})",
    ),
    _place(
        rf"(?i:bearer)(?:{_S}|%20|\+){{1,3}}[A-Za-z0-9._~+/=-]{{16}}",
        "bearer",
        "header",
        r"(?i)\bbearer(?:\s|%20|\+){1,3}(?=[A-Za-z._~+/=-]{0,300}[0-9])([A-Za-z0-9._~+/=-]{16,8192})",
    ),
    _place(
        r"(?i:cookie)\\*[\"']?\s?[:=]\s{0,3}\\*[\"']?[A-Za-z0-9_.-]",
        "cookie",
        "cookie",
        rf"(?i)cookie(?:\\{{0,8}}[\"'])?\s?[:=]\s{{0,3}}(?:\\{{0,8}}[\"'])?{_COOKIES}",
    ),
    _place(
        "(?i:sig(?:nature)?)=[A-Za-z0-9%_+/=-]{24}",
        "sig",
        "signature",
        "(?i)(?:sig|signature)=([A-Za-z0-9%_+/=-]{24,512})",
    ),
    _place(
        r"(?i:curl)[^\n|;]*\s(?:-u|--user)[ =]",
        "curl",
        "flag",
        rf"(?i)curl\b[^\n|;]{{0,300}}?\s(?:-u|--user)[ =]{{1,3}}{_QUOTE}[^\s:\"'\\]{{1,100}}:([^\s\"'\\$]{{3,300}})",
    ),
    _place(
        r"(?i:curl)[^\n|;]*\s(?:-b|--cookie)[ =]",
        "curl",
        "cookie",
        rf"(?i)curl\b[^\n|;]{{0,300}}?\s(?-i:-b|--cookie)[ =]{{1,3}}{_QUOTE}{_COOKIES}",
    ),
    _place(
        r"(?i:mysql)[^\n|;]*\s-p[^\s]",
        "mysql",
        "flag",
        rf"(?i)mysql[a-z]{{0,6}}\b[^\n|;]{{0,200}}?\s(?-i:-p)(?![$<{{\[]){_QUOTE}([^\s\"'\\$]{{4,200}})",
    ),
    _place(
        rf"(?i:requirepass){_S}",
        "requirepass",
        "flag",
        rf"(?i)requirepass\s{{1,4}}{_QUOTE}((?![$<{{\[])[^\s\"'\\]{{6,200}})",
    ),
    _place(
        r"(?i:redis-cli)[^\n|;]*\s-a\s",
        "redis-cli",
        "flag",
        rf"(?i)redis-cli\b[^\n|;]{{0,200}}?\s(?-i:-a)\s{{1,3}}{_QUOTE}((?![$<{{\[])[^\s\"'\\$]{{4,200}})",
    ),
    _place(
        r"(?i:login)[^\n|;]*\s-p\s",
        "login",
        "flag",
        rf"(?i)login\b[^\n|;]{{0,200}}?\s(?-i:-p)\s{{1,3}}{_QUOTE}((?![-$<{{\[])[^\s\"'\\$]{{4,200}})",
    ),
    _place(
        r"(?i:htpasswd)\s+-[a-zA-Z]*b",
        "htpasswd",
        "flag",
        rf"(?i)htpasswd\s{{1,3}}-[a-z]{{0,4}}b[a-z]{{0,4}}\s{{1,3}}\S{{1,200}}\s{{1,3}}\S{{1,100}}\s{{1,3}}{_QUOTE}([^\s\"'\\$]{{3,200}})",
    ),
    # Of a registry or a proxy: base64 of `user:password`.
    _place(
        r"(?i:auth)\\*\"?\s{0,2}[:=]\s{0,2}\\*\"?[A-Za-z0-9+/]{12}",
        "auth",
        "header",
        r"(?i)auth(?<![a-z]auth)\\{0,8}\"?\s{0,2}[:=]\s{0,2}\\{0,8}\"?"
        r"(?-i:(?=[a-z]{0,40}[A-Z])(?=[A-Za-z+/]{0,40}[0-9=]))([A-Za-z0-9+/]{12,400}={0,2})(?![\w.(\[-])",
    ),
    _place(r"(?i:sshpass)\s+-p", "sshpass", "flag", rf"(?i)sshpass\s+-p\s{{0,3}}{_QUOTE}([^\s\"'\\$]{{3,300}})"),
    _place(
        rf"(?i:identified){_S}+(?i:by){_S}",
        "identified",
        "sql",
        r"(?i)identified\s{1,8}by\s{1,8}\\{0,8}'([^'\\]{3,300})",
    ),
    _place(
        rf"(?i:login){_S}+\S+{_S}+(?i:password){_S}",
        "machine",
        "netrc",
        r"(?i)machine(?:\s|\\n){1,8}\S{1,200}?(?:\s|\\n){1,8}login(?:\s|\\n){1,8}\S{1,200}?(?:\s|\\n){1,8}password(?:\s|\\n){1,8}([^\s\"'\\]{3,300})",
    ),
)

# Where a name such as DB_PASSWORD, apiKey or "client secret" may be.
KEYWORDS = (
    b"passw",
    b"passphrase",
    b"pwd",
    b"secret",
    b"token",
    b"key",
    b"credential",
    b"connectionstring",
    b"db_pass",
    b"dbpass",
)
# `key` alone is anything; these before it make it one that opens something.
KEY_WORDS = (
    "api|access|secret|private|signing|encryption|auth|account|master|service|deploy|license|client|shared|storage|ssh"
    "|host|admin|app|consumer|subscription|webhook|hmac|jwt|aes|sdk|fernet|cipher|crypto|preshared|ingest|project|user|root|instrumentation|integration"
)
# After the name: what is left of it, a separator, the value in quotes (escaped as often as it is) or bare.
ASSIGNED = re.compile(
    r"(?P<rest>[\w.-]{0,40})(?:\\{0,16}[\"'`]\]?)?"
    r"(?P<sep>[ \t]{0,8}(?::[ \t]?[A-Za-z][\w.\[\]?]{0,30}[ \t]?=|=>|:=|==?|:)[ \t]{0,8}|[ \t]{1,4}(?=\\*'))"
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.){1,1024})\"|'(?P<single>(?:[^'\\\n]|\\.){1,1024})'|`(?P<back>[^`\n]{1,1024})`"
    r"|(?P<quote>\\+[\"'])(?P<escaped>(?:(?!(?P=quote))[^\n]){1,1024})(?P=quote)|(?P<bare>[^\s\"'`\\]{4,1024}))"
)
FLAG_VALUE = re.compile(r"(?P<rest>[\w-]{0,40})[ \t]{1,4}\\*[\"']?(?P<bare>(?![-$<{\[])[^\s\"'`\\]{4,1024})")
# <password>…</password>, and <add key="…" value="…"/>, and a name and a value on two lines of YAML.
ELEMENT = re.compile(r"(?P<rest>[\w.-]{0,40})>(?P<bare>[^<>\s\"'`\\]{4,1024})</")
# A name and its value side by side: the word at which each begins, in lower case, and what follows.
Pair = tuple[bytes, re.Pattern[str]]
_PAIR = re.compile(
    r"(?i)(?<=\")(?:name|key)\\*\"\s{0,3}:\s{0,3}\\*\"(?P<name>[^\"\\]{1,100})\\*\"\s{0,3},\s{0,8}"
    r"\\*\"value\\*\"\s{0,3}:\s{0,3}(?P<quote>\\*\")(?P<value>(?:(?!(?P=quote))[^\n]){1,1024})(?P=quote)"
)
PAIRS: tuple[Pair, ...] = ((b"name", _PAIR), (b"key", _PAIR))
_CALL = re.compile(
    r"(?i)(?:define|env|set|add|header|property)\(\s?\\{0,8}[\"'](?P<name>[\w.-]{1,100})"
    r"\\{0,8}[\"'], ?\\{0,8}[\"'](?P<value>(?=[A-Za-z]{0,200}[^A-Za-z\"'\\])[^\s\"'\\]{1,1024})\\{0,8}[\"']"
)
CALLS: tuple[Pair, ...] = tuple(
    (word, _CALL) for word in (b"define(", b"env(", b"set(", b"add(", b"header(", b"property(")
)
_ATTRIBUTE = re.compile(
    r"(?i)(?<![\w.-])(?:name|key)=\\{0,8}\"(?P<name>[^\"\\\n]{1,100})\\{0,8}\"\s{1,8}"
    r"value=\\{0,8}\"(?P<value>[^\"\\\n]{1,1024})\\{0,8}\""
)
ATTRIBUTES: tuple[Pair, ...] = ((b"name=", _ATTRIBUTE), (b"key=", _ATTRIBUTE))
_LINE = re.compile(
    r"(?<![\w.-])(?:name|key): {1,4}(?P<q>\\{0,8}[\"']|)(?P<name>[\w.-]{1,100})(?P=q)"
    r"(?:\r?\n|(?:\\{1,8}r)?\\{1,8}n) {0,40}value: {1,4}(?:\\{0,8}[\"'])?(?P<value>[^\s\"'\\]{1,1024})"
)
LINES: tuple[Pair, ...] = ((b"name:", _LINE), (b"key:", _LINE))

# Base64 that says what it is: certificates and signatures, attachments of mails, binary files. The word at which each
# begins, and all of it.
PUBLIC: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("-----BEGIN ", re.compile(r"-----BEGIN (?![A-Z0-9 ]{0,60}PRIVATE)[^-\n]{1,60}-----[\s\S]*?(?:-----END |\Z)")),
    *(
        (
            word,
            re.compile(
                r"(?:Content-Transfer-Encoding: base64|begin-base64 [0-7]{3} [^\s\\]{1,200})"
                r"(?:[A-Za-z0-9+/]{1,80}={0,2}|\\[rn]|\s)*"
            ),
        )
        for word in ("Content-Transfer-Encoding: base64", "begin-base64 ")
    ),
    (
        "GIT binary patch",
        re.compile(r"GIT binary patch(?:\n|\\n)(?:literal|delta) [0-9]+(?:(?:\n|\\n)[A-Za-z][!-~]{1,70})*"),
    ),
)

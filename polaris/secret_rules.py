"""What a secret looks like: the tables behind `polaris.redact`.

No rule's name may hold one of `KEYWORDS`: a placeholder must never look like a named secret itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import groupby

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
# Forms with a fixed word in them; searched only in texts that have the word. A group is the secret, else all of it.
PLACES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "PRIVATE KEY",
        "pem",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[\s\S]{0,20000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\\\s:,.-]*)"
        ),
    ),
    (
        "hooks.slack.com",
        "slack",
        re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,200})"),
    ),
    ("/api/webhooks/", "discord", re.compile(r"/api/webhooks/[0-9]{15,22}/([A-Za-z0-9_-]{40,100})")),
    ("PuTTY-User-Key-File", "pem", re.compile(r"Private-Lines: ?[0-9]+\s+([A-Za-z0-9+/=\\\s]+)")),
    ("-pass", "flag", re.compile(r"\s-pass(?:in|out)?\spass:([^\s\"'\\$]{4,200})")),
    ("$6$", "crypt", re.compile(r"\$6\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}")),
    ("$5$", "crypt", re.compile(r"\$5\$(?:rounds=[0-9]{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}")),
    ("$y$", "crypt", re.compile(r"\$y\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}")),
    (
        "$argon2",
        "crypt",
        re.compile(r"\$argon2(?:id?|d)\$[A-Za-z0-9=,$]{4,60}\$[A-Za-z0-9+/]{8,86}\$[A-Za-z0-9+/]{20,172}"),
    ),
    ("$2", "bcrypt", re.compile(r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}")),
    (":AA", "telegram", re.compile(r"[0-9]{8,10}:(AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])")),
    ("://", "url", re.compile(r"://[^\s/?#:@\"'<>\\]{0,300}:((?![*$<{\[]|%[sd(])[^\s/\"'<>\\]{1,600})@")),
    ("://", "url", re.compile(r"://((?=[A-Za-z_-]{0,300}[0-9])[^\s/?#:@\"'<>\\\[]{20,300})@")),
)
# The same, without regard to case, and tried only at the word itself.
ANY_CASE: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "authorization",
        "header",
        re.compile(
            r"(?i)authorization(?:\\{0,8}[\"'])?\]?\s{0,3}(?:[:=]\s{0,3}|(?:=>|,)\s{0,3}(?=\\{0,8}[\"'](?:bearer|basic|token)\s))"
            r"(?:\\{0,8}[\"'])?(?:(?:bearer|basic|token|apikey|digest|negotiate|bot)\s+)?"
            r"((?![$<{%\[*])(?!AWS4-)[^\s\"'\\,;<>()]{8,8192})"
        ),
    ),
    (
        "bearer",
        "header",
        re.compile(r"(?i)\bbearer(?:\s|%20|\+){1,3}(?=[A-Za-z._~+/=-]{0,300}[0-9])([A-Za-z0-9._~+/=-]{16,8192})"),
    ),
    (
        "cookie",
        "cookie",
        re.compile(
            r"(?i)cookie(?:\\{0,8}[\"'])?\s?[:=]\s{0,3}(?:\\{0,8}[\"'])?"
            r"([\w.-]{1,100}=(?=[^;\s\"'\\]{0,300}[0-9])[^;\s\"'\\$<{]{8,4096}[^\r\n\"'\\]{0,4096})"
        ),
    ),
    ("sig", "signature", re.compile(r"(?i)(?:sig|signature)=([A-Za-z0-9%_+/=-]{24,512})")),
    (
        "curl",
        "flag",
        re.compile(
            r"(?i)curl\b[^\n|;]{0,300}?\s(?:-u|--user)[ =]{1,3}\\*[\"']?[^\s:\"'\\]{1,100}:([^\s\"'\\$]{3,300})"
        ),
    ),
    (
        "curl",
        "cookie",
        re.compile(
            r"(?i)curl\b[^\n|;]{0,300}?\s(?-i:-b|--cookie)[ =]{1,3}\\{0,8}[\"']?"
            r"([\w.-]{1,100}=(?=[^;\s\"'\\]{0,300}[0-9])[^;\s\"'\\$<{]{8,4096}[^\r\n\"'\\]{0,4096})"
        ),
    ),
    (
        "mysql",
        "flag",
        re.compile(r"(?i)mysql[a-z]{0,6}\b[^\n|;]{0,200}?\s(?-i:-p)(?![$<{\[])\\{0,8}[\"']?([^\s\"'\\$]{4,200})"),
    ),
    ("requirepass", "flag", re.compile(r"(?i)requirepass\s{1,4}\\{0,8}[\"']?((?![$<{\[])[^\s\"'\\]{6,200})")),
    (
        "redis-cli",
        "flag",
        re.compile(r"(?i)redis-cli\b[^\n|;]{0,200}?\s(?-i:-a)\s{1,3}\\{0,8}[\"']?((?![$<{\[])[^\s\"'\\$]{4,200})"),
    ),
    (
        "login",
        "flag",
        re.compile(r"(?i)login\b[^\n|;]{0,200}?\s(?-i:-p)\s{1,3}\\{0,8}[\"']?((?![-$<{\[])[^\s\"'\\$]{4,200})"),
    ),
    (
        "htpasswd",
        "flag",
        re.compile(
            r"(?i)htpasswd\s{1,3}-[a-z]{0,4}b[a-z]{0,4}\s{1,3}\S{1,200}\s{1,3}\S{1,100}\s{1,3}\\{0,8}[\"']?([^\s\"'\\$]{3,200})"
        ),
    ),
    # Of a registry or a proxy: base64 of `user:password`.
    (
        "auth",
        "header",
        re.compile(
            r"(?i)auth(?<![a-z]auth)\\{0,8}\"?\s{0,2}[:=]\s{0,2}\\{0,8}\"?"
            r"(?-i:(?=[a-z]{0,40}[A-Z])(?=[A-Za-z+/]{0,40}[0-9=]))([A-Za-z0-9+/]{12,400}={0,2})(?![\w.(\[-])"
        ),
    ),
    ("sshpass", "flag", re.compile(r"(?i)sshpass\s+-p\s{0,3}\\*[\"']?([^\s\"'\\$]{3,300})")),
    ("identified", "sql", re.compile(r"(?i)identified\s{1,8}by\s{1,8}\\{0,8}'([^'\\]{3,300})")),
    (
        "machine",
        "netrc",
        re.compile(
            r"(?i)machine(?:\s|\\n){1,8}\S{1,200}?(?:\s|\\n){1,8}login(?:\s|\\n){1,8}\S{1,200}?(?:\s|\\n){1,8}password(?:\s|\\n){1,8}([^\s\"'\\]{3,300})"
        ),
    ),
)

# Where a name such as DB_PASSWORD, apiKey or "client secret" may be.
KEYWORDS = (
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "connectionstring",
    "db_pass",
    "dbpass",
)
# `key` alone is anything; these before it make it one that opens something.
_OF = (
    "(?:api|access|secret|private|signing|encryption|auth|account|master|service|deploy|license|client|shared|storage|ssh"
    "|host|admin|app|consumer|subscription|webhook|hmac|jwt|aes|sdk|fernet|cipher|crypto|preshared|ingest|project|user|root|instrumentation|integration)"
)
_KEY_OF = frozenset(_OF[3:-1].split("|"))
_KEY_OF_SIZES = sorted({len(word) for word in _KEY_OF}, reverse=True)
SENSITIVE = re.compile(
    rf"passw(?:or)?d|passphrase|(?<!o)(?<!\A)pwd|\Apwd|secret|token|credentials?|connectionstring|{_OF}key"
    r"|(?<!by)(?<!com)(?<!sur)(?<!low)(?<!high)(?<!band)(?<!tres)pass\Z"
)
# Names of things about a secret.
ABOUT = re.compile(
    r"(?:tokens|count|limit|length|size|type|name|names|id|ids|ur[il]|endpoint|path|file|filename|dir|ttl|expiry|expires"
    r"|expire[ds]?in|expire[ds]?at|expired|expiration|version|format|prefix|policy|hint|field|label|placeholder|required|enabled"
    r"|valid|createdat|updatedat|usedat|ref|arn|manager|provider|store|rotation|class|usage|index|budget|text|message"
    r"|error|kind|scope|scopes|status|strategy|length|min|max|rule|rules|regex|pattern|reset|tokenizer|algorithm|alg"
    r"|strength|source|mode|input|prompt|fingerprint|last4|used|cost|price|per[a-z]+)\Z"
    r"|publickey|tokeniz|secretar|passwordless|keyboard|keyword|\A(?:max|min|num|total|input|output|cache[dr]?|context|completion|next|page"
    r"|prompt|pagination|continuation|sync|reasoning|thinking|special|pad|bos|eos|unk)(?:new|input|output|read|write|creation|prompt|completion|page|sync|total|used|context|result"
    r"|continuation|start|text|audio|image|s)*tokens?\Z"
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
CALL = re.compile(
    r"(?i)(?:define|env|setenv|putenv|set|add|setRequestHeader|setProperty|header)\(\s?\\{0,8}[\"'](?P<name>[\w.-]{1,100})"
    r"\\{0,8}[\"'], ?\\{0,8}[\"'](?P<value>(?=[A-Za-z]{0,200}[^A-Za-z\"'\\])[^\s\"'\\]{1,1024})\\{0,8}[\"']"
)
ATTRIBUTE = re.compile(
    r"(?i)(?<![\w.-])(?:name|key)=\\{0,8}\"(?P<name>[^\"\\\n]{1,100})\\{0,8}\"\s{1,8}"
    r"value=\\{0,8}\"(?P<value>[^\"\\\n]{1,1024})\\{0,8}\""
)
LINES = re.compile(
    r"(?<![\w.-])(?:name|key): {1,4}(?P<q>\\{0,8}[\"']|)(?P<name>[\w.-]{1,100})(?P=q)"
    r"(?:\r?\n|(?:\\{1,8}r)?\\{1,8}n) {0,40}value: {1,4}(?:\\{0,8}[\"'])?(?P<value>[^\s\"'\\]{1,1024})"
)
PAIR = re.compile(
    r"(?i)\\*\"(?:name|key)\\*\"\s{0,3}:\s{0,3}\\*\"(?P<name>[^\"\\]{1,100})\\*\"\s{0,3},\s{0,8}"
    r"\\*\"value\\*\"\s{0,3}:\s{0,3}(?P<quote>\\*\")(?P<value>(?:(?!(?P=quote))[^\n]){1,1024})(?P=quote)"
)

# What a text must have for one of the rules to be worth trying, for Rust's regex engine: no backtracking, no
# look-around, several hundred megabytes a second. They may match too much, never too little. Each line is an engine of
# its own: its table of states is small, and in one that overflows it falls to two megabytes a second on varied text.
_RUN = "[A-Za-z0-9+/_=-]"
_MIXED = "(?:[0-9][A-Z]|[A-Z][0-9])"
FORMS: tuple[str, ...] = (
    r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30}|github_pat_|gl[a-z]{2,6}-[A-Za-z0-9_.=-]{16}",
    r"sk-(?:ant|or|proj|svcacct|admin|None)-|sk-[A-Za-z0-9]{20}|sess-[A-Za-z0-9]{32}|xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10}|xapp-[0-9]-|xwfp-",
    r"AIza[0-9A-Za-z_-]{35}|ya29\.|GOCSPX-|1//0[0-9A-Za-z_-]{30}|[sr]k_(?:live|test)_[A-Za-z0-9]{10}|whsec_[A-Za-z0-9+/=]{20}",
    r"npm_[A-Za-z0-9]{30}|pypi-[A-Za-z0-9_-]{50}|rubygems_[a-f0-9]{48}|cio[A-Za-z0-9]{32}|SG\.[A-Za-z0-9_-]{16}",
    r"(?:SK|AC)[0-9a-f]{32}|key-[0-9a-f]{32}|[0-9a-f]-us[0-9]|eyJ[A-Za-z0-9_-]{8}|plr_[a-z]_[0-9A-Za-z]{20}",
    r"hf_[A-Za-z0-9]{30}|api_org_[A-Za-z0-9]{30}|hv[sbr]\.[A-Za-z0-9_-]{20}|\.atlasv1\.|do[opr]_v1_|dapi[a-f0-9]{32}|dckr_[po]at_",
    r"shp[acs][tas]_[a-fA-F0-9]{32}|sq0[a-z]{3}-|gl(?:sa|c)_[A-Za-z0-9+/=_]{32}|sntry[su]_|NRAK-|NRII-|lin_(?:api|oauth)_|ntn_",
    r"secret_[A-Za-z0-9]{43}|figd_|PMAK-|pscale_|sb[ps]_[A-Za-z0-9_]{30}|ATATT3|ATBB[A-Za-z0-9]{32}|tskey-|gsk_[A-Za-z0-9]{40}",
    r"xai-[A-Za-z0-9]{60}|pplx-|r8_[A-Za-z0-9]{36}|lsv2_|fo1_|fm[12][ar]?_[A-Za-z0-9+/=_-]{60}|dp\.[a-z]{2,5}\.|pul-[a-f0-9]{40}|HRKU-",
    r"sl\.[A-Za-z0-9_-]{60}|[0-9]Q~|AGE-SECRET-KEY-1|dt0[a-z][0-9]{2}\.|pat[A-Za-z0-9]{14}\.|nf[pcou]_[A-Za-z0-9]{9}|sgp_|bk[uac]{1,3}_[a-f0-9]{9}",
    r"CCIP(?:AT|RJ)_|AZDO|pat-(?:na|eu|ap)[0-9]-|aio_[A-Za-z0-9]{9}|tfp_|CFPAT-|xkeysib-|xsmtpsib-|EZ[AT]K|LTAI[A-Za-z0-9]{9}|EAA[A-Za-z0-9]{16}",
    # High entropy: a capital beside a digit in a long token that does not begin as an id does (toolu_01Ab…).
    rf"(?:^|[^A-Za-z0-9+/_=-])[a-z]{{0,12}}[A-Z0-9+/-](?:{_RUN}*{_MIXED}{_RUN}{{7}}|{_RUN}{{8}}{_RUN}*{_MIXED})"
    r"|(?:^|[^A-Za-z0-9_-])[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\."
    r"|(?:^|[^A-Za-z0-9])[0-9a-f]{41}",
)
_ANY_NAME = r"(?i:pass|pwd|secret|token|credential|connectionstring|" + _OF + "[ _.-]?key)"
_IS = r"[A-Za-z0-9_.-]{0,40}\\*[\"'`]?\]?[ \t]{0,8}(?:=>|[:=])[= \t]{0,9}[\\\"'`]{0,9}"
# Each copy of the names costs the engine states, and it has few: what may follow them is in one place.
_AFTER = "|".join(
    (
        r">[^<>\s]",
        r":[ \t]?[A-Za-z][A-Za-z0-9_.?\[\]]*[ \t]?=[ \t]?\\*[\"'`]",
        r"\\*[\"'], ?\\*[\"']",
        r"\\*[\"']?(?:\s|\\+[rn])+value[:=]",
    )
)
NAMES: tuple[str, ...] = (
    rf"(?i:pass|pwd){_IS}[^\s\"'`\\]{{4}}|{_ANY_NAME}(?:{_IS}[^\s\"'`\\]{{8}}|[A-Za-z0-9_.-]*(?:{_AFTER}))",
    rf"--[A-Za-z0-9_-]{{0,40}}{_ANY_NAME}[A-Za-z0-9_-]{{0,40}}[ \t]",
    r"(?:ENV|setenv|setx|set -gx)[ \t][A-Za-z]",
    r"(?i:passw)[a-z]{0,4}[ \t]{1,4}\\*'",
    rf"\"(?i:name|key)\\*\"\s{{0,3}}:\s{{0,3}}\\*\"[^\"\\]{{0,60}}{_ANY_NAME}",
)
WORDS: tuple[str, ...] = (
    r"PRIVATE KEY|[0-9]:AA[A-Za-z0-9_-]{33}|hooks\.slack\.com/|/api/webhooks/|PuTTY-User-Key|\$2[abxy]\$[0-9]",
    r"\$[56y]\$|\$argon2|-pass(?:in|out)?\spass:"
    r"|(?i:sig(?:nature)?=|sshpass|requirepass|identified\s+by)",
    r"://[^\s/?#:@\"'<>\\]*:[^\s/\"'<>\\]+@|://[^\s/?#:@\"'<>\\]{20,300}@",
    r"(?i:authorization\\*[\"']?\]?\s{0,3}[:=,]|bearer(?:\s|%20|\+){1,3}[A-Za-z0-9._~+/=-]{16}|cookie\\*[\"']?\s?[:=])",
    r"\s(?:-u|--user)[ =]{1,3}[^\s:]{1,100}:|\s(?:-b|--cookie)[ =][\\\"']*[A-Za-z0-9_.-]+="
    r"|(?:^|[^A-Za-z])auth\\*\"?\s?[:=]",
    r"(?i:redis-cli)[^\n|;]*\s-a\s|(?i:login)[^\n|;]*\s-p\s|htpasswd\s+-[a-zA-Z]*b",
    r"(?i:mysql)[^\n|;]*\s-p[^\s]|login(?:\s|\\n)+\S+?(?:\s|\\n)+password",
)

_NOT_A_VALUE = re.compile(
    r"(?:\$|<|\{|:|![A-Za-z]+(?:\Z|\s)|%[sdv({]|\[|\*{2,}|[xX]{3,}\Z|\.{2,}|…|https?://(?![^/]*@)|/|\./|~/|[A-Z]:\\|@|&|\||=)"
    r"|(?:your|my|the|some|example|sample|dummy|fake|changeme|change[-_]me|replace|insert|enter|todo|tbd)(?![a-z0-9])"
    r"|(?:os|process|self|this|config|settings|env|environ|secrets|ctx|context|request|req|args|options|opts|params|props)[.\[]",
    re.IGNORECASE,
)
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """string str text bool boolean int integer number float object bytes any optional required password passwd
        passphrase secret secrets token tokens key hidden redacted masked none null true false undefined nil empty unset
        missing invalid expired unknown yes no default bearer basic oauth oauth2 jwt apikey api_key credentials void
        const let return await async new function self auth env public private readonly""",
    )
)
_CODE = re.compile(r"[()\[\]{}]|\A[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+[;,]?\Z")
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Digests and ids: git, md5, sha-1 to sha-512, MongoDB, trace ids.
_HEX_LENGTHS = frozenset((24, 32, 40, 56, 64, 96, 128))
_ID = re.compile(
    r"[a-z]{2,12}_[A-Za-z0-9]{10,32}|chatcmpl-\w+|pk_(?:live|test)_\w+"
    r"|Qm[1-9A-HJ-NP-Za-km-z]{44}"  # IPFS
)
# How files begin in base64: PNG, JPEG, GIF, WebP, PDF, ZIP, gzip, WebAssembly, fonts, SVG, XML.
_FILE = re.compile(r"iVBORw0KGgo|/9j/[24]|R0lGOD[dl]|UklGR|JVBERi0|UEsDB|H4sI|AGFzbQ|d09GM?|PHN2Zy|PD94bWw")
_WORD = re.compile(r"[A-Z]?[a-z]{3,}")
_LOWER_WORD = re.compile(r"(?:\A|/)[a-z]{4,}(?:/|\Z)")
_PUBLIC = re.compile(
    r"(?:sha(?:1|224|256|384|512)[-:_=]|base64,|h1:|ssh-(?:rsa|dss|ed25519) |ecdsa-\S+ |md5-|\bintegrity\W{1,4}"
    r"|checksum\W{1,4}|etag\W{1,6}|x-amz-(?:cf-)?id(?:-2)?\W{1,4})\S{0,4}\Z",
    re.IGNORECASE,
)
_DIGITS = "0123456789"
_KINDS = bytes(
    ord("d" if 48 <= byte < 58 else "U" if 65 <= byte < 91 else "l" if 97 <= byte < 123 else "-") for byte in range(256)
)


def key_of(text: str, at: int) -> int | None:
    """Where the word begins that makes the `key` at a place one that opens something."""
    before = text[max(0, at - 20) : at].lower()
    plain = before[:-1] if before[-1:] in (" ", "_", ".", "-") else before
    for size in _KEY_OF_SIZES:
        if len(plain) >= size and plain[-size:] in _KEY_OF:
            return at - len(before) + len(plain) - size
    return None


@lru_cache(maxsize=4096)
def sensitive(name: str) -> bool:
    """Whether what is called *name* is a secret itself, not something about one."""
    plain = name.lower().translate(_SEPARATORS)
    return bool(SENSITIVE.search(plain)) and not ABOUT.search(plain)


_NO_DIGITS = str.maketrans("", "", _DIGITS)
_SEPARATORS = str.maketrans("", "", "_-. $\"'\\")


def plausible(value: str, name: str, *, quoted: bool, tight: bool) -> bool:
    """Whether *value* can be the secret that *name* promises. ``tight``: as in ``NAME=value``, not in code."""
    password = "pass" in name.lower() or "pwd" in name.lower()
    if len(value) < (4 if password else 8) or _NOT_A_VALUE.match(value) or value.lower().strip("\"';,.") in _WORDS:
        return False
    has_digit = len(value.translate(_NO_DIGITS)) < len(value)
    if " " in value or "\t" in value:
        return has_digit and password and len(value) < 80
    if UUID.fullmatch(value):
        return password or "secret" in name.lower() or "key" in name.lower()
    if value.isdecimal():
        return password
    if not quoted and _CODE.search(value):
        return False
    letters = value.replace("_", "").replace("-", "").replace(".", "")
    if letters.isalpha() and letters.isascii():
        one_case = letters.islower() or letters.isupper() or letters.istitle()
        if password:
            return quoted or tight or value.count("-") > 1
        return len(value) >= 20 and not one_case and random_looking(letters, digits=0)
    return True


def random_looking(token: str, digits: int = 2) -> bool:
    """Whether letters and digits change as they do by chance, and not as they do in names."""
    size = len(token)
    kinds = token.encode("latin-1", "replace").translate(_KINDS)
    if kinds.count(b"d") < digits or kinds.count(b"U") < 2 or kinds.count(b"l") < 2:
        return False
    changes = sum(1 for _ in groupby(kinds)) - 1
    words = sum(len(word) for word in _WORD.findall(token))
    return changes >= 0.4 * (size - 1) and words <= 0.4 * size and _entropy(token) >= min(4.5, 0.85 * math.log2(size))


def high_entropy(token: str, before: str) -> bool:
    """Whether a token without a known form is a secret; *before* are the few dozen characters in front of it."""
    core = token.strip("-_=+/.")
    if not 20 <= len(core) <= 256 or _PUBLIC.search(before) or UUID.fullmatch(core) or _ID.fullmatch(core):
        return False
    if _FILE.match(token):
        return False
    if HEX.fullmatch(core):
        # Without a name that says so, hex of a digest's length is a digest.
        known = len(core) in _HEX_LENGTHS or core.isdecimal() or len(core) < 41 or len(core) > 128
        return not known and _entropy(core) > 3.0
    if core.startswith(("AAAA", "sha1", "sha256", "sha384", "sha512")):
        return False
    if "/" in core:
        if before.endswith(("/", ".", "~", ":", "\\", "@")) or token.startswith("/") or _LOWER_WORD.search(core):
            return False
    elif before.endswith(("/", "#")):
        # A part of a path or of a page's address.
        return False
    parts = re.split(r"[-_]", core)
    if len(parts) > 1 and max(map(len, parts)) < 12:
        return False
    return random_looking(core.replace("-", "").replace("_", "").replace("/", "").replace("+", ""))


def _entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0

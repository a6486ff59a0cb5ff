# ruff: noqa: E501, SIM905, UP031
"""Writes secrets.jsonl: invented secrets in the surroundings in which agents meet them. ``python make_secrets.py``.

The formats are the providers', the characters come from a fixed seed. No file holds a whole secret: each is cut into
parts (also inside of its prefix), and `corpus.py` puts them together. Every kind has as many examples in the half that
rules may be tuned on as in the half that is held out, and the two halves share no surroundings.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
import uuid
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
R = random.Random("planted secrets, first edition")
SETS = {
    "A": string.ascii_letters + string.digits,
    "H": "0123456789abcdef",
    "U": string.ascii_uppercase + string.digits,
    "L": string.ascii_lowercase + string.digits,
    "W": string.ascii_letters + string.digits + "-_",
    "B": string.ascii_letters + string.digits + "+/",
    "D": string.digits,
    "T": string.ascii_uppercase + "234567",
    "S": string.ascii_letters + string.digits + "!#%^*-_+.",
}
EACH = 3  # in each half


def draw(spec: str) -> str:
    """``ghp_{A36}``: literal text and drawn characters; the last is a letter or a digit."""

    def some(match: re.Match[str]) -> str:
        characters = SETS[match[1]]
        drawn = [R.choice(characters) for _ in range(int(match[2]))]
        if not drawn[-1].isalnum():
            drawn[-1] = R.choice(string.digits)
        return "".join(drawn)

    return re.sub(r"\{([A-Z])(\d+)\}", some, spec)


def base64_of(size: int) -> str:
    return base64.b64encode(R.randbytes(size)).decode()


def web64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jwt() -> str:
    head = web64({"alg": R.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"})
    body = web64({"sub": draw("{A12}"), "iat": R.randrange(1_700_000_000, 1_800_000_000), "scope": "read write"})
    return f"{head}.{body}.{draw('{W43}')}"


def pem(kind: str, lines: int = 8) -> Callable[[], str]:
    def made() -> str:
        name = kind + "PRIVATE" + " KEY" + (" BLOCK" if kind == "PGP " else "")
        body = "\n".join(base64_of(48) for _ in range(lines))
        return f"-----BEGIN {name}-----\n{body}\n-----END {name}-----"

    return made


def some_uuid() -> str:
    return str(uuid.UUID(int=R.getrandbits(128), version=4))


WORDS = "amber basil cedar delta ember flint grove haven iris jasper karma lemon maple nectar olive pearl quartz river".split()


def human_password() -> str:
    word = R.choice(WORDS).title()
    return R.choice(
        [
            lambda: f"{word}{R.randrange(10, 9999)}!",
            lambda: f"{word.replace('a', '4').replace('e', '3')}_{R.randrange(10, 99)}",
            lambda: f"{R.choice(WORDS)}-{R.choice(WORDS)}-{R.choice(WORDS)}-{R.randrange(9)}",
            lambda: f"{R.choice(WORDS)}{R.randrange(1950, 2026)}",
        ]
    )()


def random_password() -> str:
    return draw("{A1}{S%d}" % R.randrange(11, 22))


# Kinds with a form of their own: (kind, spec or maker, a name that code would give it).
FORMED: list[tuple[str, str | Callable[[], str], str]] = [
    ("aws_id", "AKIA{T16}", "aws_access_key_id"),
    ("aws_session_id", "ASIA{T16}", "aws_access_key_id"),
    ("github_classic", "ghp_{A36}", "github_token"),
    ("github_actions", "ghs_{A36}", "gh_token"),
    ("github_fine", "github_pat_{A22}_{A59}", "github_token"),
    ("gitlab", "glpat-{W20}", "gitlab_token"),
    ("gitlab_new", "glpat-{W27}.{L2}.{L9}", "gitlab_token"),
    ("gitlab_runner", "glrt-{W20}", "ci_runner_token"),
    ("slack_bot", "xoxb-{D12}-{D13}-{A24}", "slack_bot_token"),
    ("slack_app", "xapp-1-A{U10}-{D13}-{H64}", "slack_app_token"),
    ("slack_hook", "https://hooks.slack.com/services/T{U8}/B{U10}/{A24}", "slack_webhook"),
    ("openai_project", "sk-proj-{W74}T3BlbkFJ{W74}", "openai_api_key"),
    ("openai_old", "sk-{A20}T3BlbkFJ{A20}", "openai_api_key"),
    ("anthropic", "sk-ant-api03-{W93}AA", "anthropic_api_key"),
    ("anthropic_oauth", "sk-ant-oat01-{W93}AA", "claude_code_oauth_token"),
    ("openrouter", "sk-or-v1-{H64}", "openrouter_api_key"),
    ("deepseek", "sk-{H32}", "deepseek_api_key"),
    ("google_api", "AIza{W35}", "google_maps_key"),
    ("google_oauth", "ya29.a0{W160}", "access_token"),
    ("google_client", "GOCSPX-{W28}", "client_secret"),
    ("google_refresh", "1//0{W90}", "refresh_token"),
    ("stripe_live", "sk_live_51{A97}", "stripe_secret_key"),
    ("stripe_restricted", "rk_live_51{A97}", "stripe_key"),
    ("stripe_hook", "whsec_{A32}", "stripe_webhook_secret"),
    ("npm", "npm_{A36}", "npm_token"),
    ("pypi", "pypi-AgEIcHlwaS5vcmc{W150}", "twine_password"),
    ("rubygems", "rubygems_{H48}", "gem_host_api_key"),
    ("crates", "cio{A32}", "cargo_registry_token"),
    ("sendgrid", "SG.{W22}.{W43}", "sendgrid_api_key"),
    ("brevo", "xkeysib-{H64}-{A16}", "brevo_api_key"),
    ("twilio", "SK{H32}", "twilio_api_key"),
    ("mailgun", "key-{H32}", "mailgun_api_key"),
    ("mailchimp", "{H32}-us14", "mailchimp_api_key"),
    ("telegram", "{D10}:AA{W33}", "telegram_bot_token"),
    ("discord", "MT{A24}.G{A5}.{W38}", "discord_token"),
    ("jwt", jwt, "id_token"),
    ("huggingface", "hf_{A34}", "hf_token"),
    ("vault", "hvs.CAES{W91}", "vault_token"),
    ("terraform", "{A14}.atlasv1.{A67}", "tf_token"),
    ("digitalocean", "dop_v1_{H64}", "digitalocean_token"),
    ("databricks", "dapi{H32}", "databricks_token"),
    ("docker", "dckr_pat_{W27}", "docker_pat"),
    ("shopify", "shpat_{H32}", "shopify_access_token"),
    ("square", "sq0csp-{W43}", "square_secret"),
    ("grafana", "glsa_{A32}_{H8}", "grafana_token"),
    ("sentry", "sntrys_eyJpYXQiO{B80}_{B43}", "sentry_auth_token"),
    ("newrelic", "NRAK-{U27}", "new_relic_api_key"),
    ("dynatrace", "dt0c01.{T24}.{T64}", "dynatrace_token"),
    ("linear", "lin_api_{A40}", "linear_api_key"),
    ("notion", "ntn_{D11}{A35}", "notion_token"),
    ("figma", "figd_{W40}", "figma_token"),
    ("postman", "PMAK-{H24}-{H34}", "postman_api_key"),
    ("planetscale", "pscale_tkn_{W43}", "planetscale_token"),
    ("supabase", "sbp_{H40}", "supabase_access_token"),
    ("atlassian", "ATATT3xFfGF0{W170}={U8}", "jira_api_token"),
    ("airtable", "pat{A14}.{H64}", "airtable_token"),
    ("contentful", "CFPAT-{W43}", "contentful_token"),
    ("netlify", "nfp_{A36}", "netlify_auth_token"),
    ("tailscale", "tskey-auth-{A12}CNTRL-{A32}", "ts_authkey"),
    ("groq", "gsk_{A52}", "groq_api_key"),
    ("xai", "xai-{A80}", "xai_api_key"),
    ("replicate", "r8_{A37}", "replicate_api_token"),
    ("langsmith", "lsv2_pt_{H32}_{H10}", "langsmith_api_key"),
    ("doppler", "dp.pt.{A43}", "doppler_token"),
    ("pulumi", "pul-{H40}", "pulumi_access_token"),
    ("sourcegraph", "sgp_{H16}_{H40}", "sourcegraph_token"),
    ("buildkite", "bkua_{H40}", "buildkite_token"),
    ("circleci", "CCIPAT_{A22}_{H40}", "circle_token"),
    ("hubspot", lambda: "pat-na1-" + some_uuid(), "hubspot_token"),
    ("mapbox", "sk.eyJ1Ijoi{A60}.{W22}", "mapbox_secret_token"),
    ("facebook", "EAACEdEose0cBA{A120}", "facebook_access_token"),
    ("alibaba", "LTAI5t{A18}", "alibaba_access_key_id"),
    ("easypost", "EZAK{A54}", "easypost_api_key"),
    ("adafruit", "aio_{A28}", "adafruit_io_key"),
    ("typeform", "tfp_{W44}_{A14}", "typeform_token"),
    ("azure_client", "{A3}8Q~{A34}", "azure_client_secret"),
    ("azure_devops", "{A52}AZDO{A28}", "azure_devops_pat"),
    ("fly", "fo1_{W43}", "fly_api_token"),
    ("onepassword", "ops_eyJzaWduSW5BZGRyZXNz{B220}", "op_service_account_token"),
    ("age", "AGE-SECRET-KEY-1{U58}", "age_key"),
    ("polaris", "plr_u_{A49}", "polaris_token"),
    ("bcrypt", "$2b$12$K1{A51}", "password_hash"),
    ("shadow", "$6$rounds=5000${A16}${A86}", "password_hash"),
]
# Kinds that only a name gives away.
NAMED: list[tuple[str, str | Callable[[], str], list[str]]] = [
    ("aws_secret", "{B39}7", ["aws_secret_access_key"]),
    ("hex_key", "{H32}", ["datadog_api_key", "algolia_admin_key", "azure_openai_api_key", "twilio_auth_token"]),
    ("opaque_token", "{W40}", ["cloudflare_api_token", "okta_api_token", "vercel_token", "service_token"]),
    ("short_token", "{A20}", ["deploy_token", "pagerduty_token", "bot_token", "webhook_secret"]),
    ("uuid_key", some_uuid, ["heroku_api_key", "app_secret", "client_secret", "launchdarkly_sdk_key"]),
    ("signing_secret", "{H64}", ["session_secret", "jwt_secret", "secret_key_base", "signing_key"]),
    ("encryption_key", lambda: base64_of(32), ["encryption_key", "master_key", "cookie_secret", "fernet_key"]),
    ("human_password", human_password, ["db_password", "admin_password", "smtp_password", "password"]),
    ("random_password", random_password, ["mysql_root_password", "redis_password", "ldap_bind_password", "db_pass"]),
    ("passphrase", lambda: "-".join(R.sample(WORDS, 4)), ["key_passphrase", "gpg_passphrase", "keystore_password"]),
]

# What stands before and after is part of the example. ⟨s⟩ the secret, ⟨n⟩ its name in snake case, ⟨N⟩ in capitals,
# ⟨c⟩ in camel case, ⟨k⟩ in kebab case. Even ones go to the tuned half, odd ones to the held-out half.
ANYWHERE = [
    "I pasted the wrong thing, this was ⟨s⟩ and it has to be rotated now.",
    "The token in the vault is ⟨s⟩, please do not share it.",
    "$ cat .env\nNODE_ENV=production\n⟨N⟩=⟨s⟩\nPORT=3000\n",
    "$ printenv | sort | head -5\nHOME=/home/dev\nLANG=C.UTF-8\n⟨N⟩=⟨s⟩\nSHELL=/bin/bash\nTERM=xterm-256color",
    'diff --git a/config.py b/config.py\nindex 3f1c2aa..9b0d4e1 100644\n@@ -1,3 +1,3 @@\n-VALUE = None\n+VALUE = "⟨s⟩"\n DEBUG = False',
    "diff --git a/app.env b/app.env\n--- a/app.env\n+++ b/app.env\n@@ -4 +4 @@\n-⟨N⟩=⟨s⟩\n+⟨N⟩=",
    'client = Client(base_url=URL, ⟨n⟩="⟨s⟩", timeout=30)',
    "    def setUp(self):\n        self.value = '⟨s⟩'\n        self.client = make_client(self.value)",
    "const client = new Client({ region: 'eu', ⟨c⟩: '⟨s⟩' });",
    "export const settings = {\n  retries: 3,\n  value: `⟨s⟩`,\n};",
    '\tcfg := &Config{\n\t\tHost: "localhost",\n\t\tValue: "⟨s⟩",\n\t}',
    'func main() {\n\tos.Setenv("⟨N⟩", "⟨s⟩")\n\trun()\n}',
    '    private static final String ⟨N⟩ = "⟨s⟩";',
    '        System.setProperty("⟨n⟩", "⟨s⟩");',
    'let value = String::from("⟨s⟩"); // FIXME',
    '    let client = Client::builder().credential("⟨s⟩").build()?;',
    "Rails.application.config.x.⟨n⟩ = '⟨s⟩'",
    "$config['⟨n⟩'] = '⟨s⟩';\n$config['debug'] = false;",
    "services:\n  web:\n    image: acme/web:1.4.2\n    environment:\n      ⟨N⟩: ⟨s⟩\n      PORT: 8080",
    'env:\n  - name: ⟨N⟩\n    value: ⟨s⟩\n  - name: PORT\n    value: "8080"',
    "[default]\nregion = eu-central-1\n⟨n⟩ = ⟨s⟩\noutput = json",
    '[tool.deploy]\nname = "web"\n⟨n⟩ = "⟨s⟩"\nretries = 2',
    "$ curl -s -H 'Authorization: Bearer ⟨s⟩' https://api.example.com/v1/me | jq .name",
    "> GET /v1/me HTTP/2\r\n> host: api.example.com\r\n> authorization: token ⟨s⟩\r\n> accept: */*\r\n",
    "requests.get(url, headers={'X-Api-Key': '⟨s⟩', 'Accept': 'application/json'})",
    "2026-11-22T14:53:28Z ERROR request failed: 401 for credential ⟨s⟩ (attempt 3 of 3)",
    "Error: Incorrect key provided: ⟨s⟩. You can find yours in the settings of your account.",
    "Traceback (most recent call last):\n  File \"app.py\", line 12, in <module>\n    raise AuthError('⟨s⟩')\nAuthError: ⟨s⟩",
    "$ export ⟨N⟩=⟨s⟩ && make deploy",
    "⟨N⟩='⟨s⟩' python -m pytest -q tests/integration",
    "RUN --mount=type=cache,target=/var/cache/app echo ⟨s⟩ > /run/value && ./fetch.sh",
    'ENV ⟨N⟩=⟨s⟩\nCMD ["node", "server.js"]',
    "GET /callback?state=xyz&access_token=⟨s⟩&scope=read 302 12ms",
    "https://api.example.com/v2/items?limit=20&key=⟨s⟩",
    '{"⟨n⟩":"⟨s⟩","expires_in":3600}',
    '{\n  "name": "prod",\n  "credential": {\n    "type": "static",\n    "content": "⟨s⟩"\n  }\n}',
    'resource "example_service" "web" {\n  name  = "web"\n  ⟨n⟩ = "⟨s⟩"\n}',
    '⟨n⟩ = "⟨s⟩"\nregion = "eu-central-1"\n# terraform.tfvars',
    "| user | value |\n|---|---|\n| ci | `⟨s⟩` |",
    "src/config.ts:14:  value: \"⟨s⟩\",\nsrc/other.ts:3:import { value } from './config'",
    "INSERT INTO credentials (name, value) VALUES ('ci', '⟨s⟩');",
    "gh secret set ⟨N⟩ --body ⟨s⟩ --repo acme/web",
    "docker run --rm -e ⟨N⟩=⟨s⟩ acme/web:latest",
    "git remote -v\norigin\thttps://oauth2:⟨s⟩@git.example.com/acme/web.git (fetch)",
]
# With the name; a bare value has no sign that would end it.
BY_NAME = [
    "⟨N⟩=⟨s⟩\nLOG_LEVEL=info",
    "$ env | grep -i prod\n⟨N⟩=⟨s⟩\nPROD_REGION=eu",
    'export ⟨N⟩="⟨s⟩"',
    '  ⟨n⟩: "⟨s⟩"\n  pool: 10',
    "⟨n⟩ = '⟨s⟩'",
    'config.⟨n⟩ = "⟨s⟩"',
    "const options = { user: 'app', ⟨c⟩: '⟨s⟩', port: 5432 };",
    '  ⟨c⟩: "⟨s⟩",',
    '{"host": "db.internal", "⟨n⟩": "⟨s⟩"}',
    '{"user":"app","⟨c⟩":"⟨s⟩","ssl":true}',
    "+⟨N⟩=⟨s⟩\n+DEBUG=0",
    '-    ⟨n⟩="⟨s⟩",\n+    ⟨n⟩=os.environ["⟨N⟩"],',
    "      - ⟨N⟩=⟨s⟩\n      - TZ=UTC",
    "      ⟨N⟩: '⟨s⟩'\n      TZ: UTC",
    "docker run -e ⟨N⟩=⟨s⟩ -p 8080:80 acme/app",
    "⟨N⟩=⟨s⟩ ./deploy.sh --stage prod",
    '    String ⟨c⟩ = "⟨s⟩";',
    'var ⟨c⟩ = "⟨s⟩" // rotate me',
    "spring.datasource.⟨k⟩=⟨s⟩",
    "app.⟨k⟩: ⟨s⟩",
    "ENV ⟨N⟩ ⟨s⟩",
    "$ ./tool --⟨k⟩ ⟨s⟩ --verbose",
    "$ ./tool --⟨k⟩=⟨s⟩ sync",
    "define('⟨N⟩', '⟨s⟩');",
    "    <⟨c⟩>⟨s⟩</⟨c⟩>",
    '<add key="⟨c⟩" value="⟨s⟩" />',
    'let ⟨n⟩ = "⟨s⟩";',
    '⟨n⟩ := "⟨s⟩"',
    'os.environ["⟨N⟩"] = "⟨s⟩"',
    "process.env.⟨N⟩ = '⟨s⟩';",
    '- name: ⟨N⟩\n  value: "⟨s⟩"',
    '[{"name": "⟨N⟩", "value": "⟨s⟩"}, {"name": "PORT", "value": "80"}]',
    "set ⟨N⟩=⟨s⟩\r\nnode index.js\r\n",
    '$env:⟨N⟩ = "⟨s⟩"',
    "⟨N⟩ => '⟨s⟩',",
    "'⟨n⟩' => env('⟨N⟩', '⟨s⟩'),",
]
# (kind, maker, surroundings): the surroundings are what gives it away.
PLACED: list[tuple[str, str | Callable[[], str], list[str]]] = [
    (
        "url_database",
        "{A18}",
        [
            "DATABASE_URL=postgresql://app:⟨s⟩@db.internal:5432/shop",
            "could not connect to mysql://root:⟨s⟩@10.0.0.7:3306/shop: timeout",
            "engine = create_engine('postgresql+psycopg://svc:⟨s⟩@localhost/shop')",
            'mongoose.connect("mongodb+srv://app:⟨s⟩@cluster0.ab1cd.mongodb.net/test")',
            "spring.data.url=jdbc:postgresql://app:⟨s⟩@db/shop?sslmode=require",
            "pg_dump postgres://backup:⟨s⟩@replica.internal/shop > shop.sql",
        ],
    ),
    (
        "url_queue",
        human_password,
        [
            "CELERY_BROKER_URL=amqp://worker:⟨s⟩@mq:5672/vhost",
            "redis://:⟨s⟩@cache:6379/0",
            'broker: "amqps://svc:⟨s⟩@mq.internal/prod"',
            "REDIS_URL=rediss://default:⟨s⟩@eu1-cache.example.com:6380",
            "nats://app:⟨s⟩@nats.internal:4222",
            'kafka_proxy = "sasl://client:⟨s⟩@kafka:9092"',
        ],
    ),
    (
        "url_web",
        "{A16}",
        [
            "HTTPS_PROXY=http://dev:⟨s⟩@proxy.example.com:3128",
            "git clone https://manu:⟨s⟩@git.example.com/acme/web.git",
            "wget https://ftpuser:⟨s⟩@files.example.com/drop.zip",
            "pip install --index-url https://ci:⟨s⟩@pypi.example.com/simple pkg",
            "smtp://mailer:⟨s⟩@smtp.example.com:587",
            "ftp://upload:⟨s⟩@ftp.example.com/in",
        ],
    ),
    (
        "bearer",
        "{W48}",
        [
            "Authorization: Bearer ⟨s⟩",
            'curl -H "authorization: bearer ⟨s⟩" https://api.example.com',
            "headers: { Authorization: 'Bearer ⟨s⟩' }",
            'req.Header.Set("Authorization", "Bearer ⟨s⟩")',
            '{"headers":{"Authorization":"Bearer ⟨s⟩"}}',
            "< 401\n> Authorization: Bearer ⟨s⟩\n> Accept: */*",
        ],
    ),
    (
        "basic",
        lambda: base64.b64encode(f"{R.choice(WORDS)}:{human_password()}".encode()).decode(),
        [
            "Authorization: Basic ⟨s⟩",
            "curl -H 'Authorization: Basic ⟨s⟩' https://ci.example.com/job",
            "'Authorization' => 'Basic ⟨s⟩',",
            '{"auths": {"ghcr.io": {"auth": "⟨s⟩"}}}',
            "Proxy-Authorization: Basic ⟨s⟩",
            "//registry.example.com/:_auth=⟨s⟩",
        ],
    ),
    (
        "cookie",
        "{W40}",
        [
            "Cookie: sessionid=⟨s⟩; csrftoken=abc",
            "Set-Cookie: sid=⟨s⟩; Path=/; HttpOnly; Secure",
            "curl -b 'session=⟨s⟩' https://app.example.com/me",
            "set-cookie: connect.sid=s%3A⟨s⟩; Path=/; Max-Age=86400",
            '"cookie": "_app_session=⟨s⟩; theme=dark"',
            "document.cookie = 'auth=⟨s⟩; path=/'",
        ],
    ),
    (
        "header_key",
        "{A32}",
        [
            "X-API-Key: ⟨s⟩",
            "curl -H 'PRIVATE-TOKEN: ⟨s⟩' https://git.example.com/api/v4/projects",
            "x-vault-token: ⟨s⟩",
            '  -H "X-Auth-Token: ⟨s⟩" \\',
            "headers['Ocp-Apim-Subscription-Key'] = '⟨s⟩'",
            'http.Header{"X-Api-Key": []string{"⟨s⟩"}}',
        ],
    ),
    (
        "signed_url",
        "{H64}",
        [
            "https://b.s3.amazonaws.com/k?X-Amz-Date=20261122T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=⟨s⟩",
            "https://storage.googleapis.com/b/o?X-Goog-Expires=900&X-Goog-Signature=⟨s⟩",
            "https://acct.blob.core.windows.net/c/f.txt?sv=2024-11-04&sr=b&sig=⟨s⟩&se=2026-11-30",
            "https://d111.cloudfront.net/a.mp4?Expires=1795366799&Signature=⟨s⟩&Key-Pair-Id=K2JCJMDEHXQW5F",
            "download from https://files.example.com/f?expires=1795366799&signature=⟨s⟩",
            "PUT https://bucket.r2.example.com/x?X-Amz-Expires=60&X-Amz-Signature=⟨s⟩ 200",
        ],
    ),
    (
        "flag",
        "{A14}",
        [
            "mysqldump --password=⟨s⟩ shop > shop.sql",
            "sshpass -p '⟨s⟩' ssh dev@10.0.0.7",
            "curl -u manu:⟨s⟩ https://ci.example.com/job/build",
            "docker login -u acme --password ⟨s⟩ ghcr.io",
            "mysql -h db -u root -p⟨s⟩ shop -e 'select 1'",
            "redis-cli -h cache -a ⟨s⟩ ping",
            "openssl rsa -in key.pem -passin pass:⟨s⟩",
            "docker login -u acme -p ⟨s⟩ registry.example.com",
            "kubectl create secret generic db --from-literal=password=⟨s⟩",
            "htpasswd -b .htpasswd manu ⟨s⟩",
            "PGPASSWORD=⟨s⟩ psql -h db -U app shop",
            "az login --service-principal -u app -p ⟨s⟩ --tenant acme",
        ],
    ),
    (
        "files",
        "{A22}",
        [
            "machine git.example.com\n  login manu\n  password ⟨s⟩\n",
            "db.internal:5432:shop:app:⟨s⟩",
            "//registry.npmjs.org/:_authToken=⟨s⟩",
            "[pypi]\nusername = __token__\npassword = ⟨s⟩",
            "<server><id>nexus</id><username>ci</username><password>⟨s⟩</password></server>",
            "define( 'DB_PASSWORD', '⟨s⟩' );",
            "Server=db;Database=shop;User Id=sa;Password=⟨s⟩;Encrypt=true",
            "data source=db;user=app;pwd=⟨s⟩;",
            "users:\n- name: admin\n  user:\n    token: ⟨s⟩",
            "requirepass ⟨s⟩\nmaxmemory 256mb",
            "stringData:\n  username: admin\n  password: ⟨s⟩",
            "alter role app with login password '⟨s⟩';",
        ],
    ),
    (
        "azure_storage",
        lambda: base64_of(64),
        [
            "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=⟨s⟩;EndpointSuffix=core.windows.net",
            "az storage blob list --account-name acct --account-key ⟨s⟩",
            "AZURE_STORAGE_KEY=⟨s⟩",
            'accountKey: "⟨s⟩"',
            "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=⟨s⟩",
            "AzureWebJobsStorage=DefaultEndpointsProtocol=https;AccountName=a;AccountKey=⟨s⟩",
        ],
    ),
    (
        "wireguard",
        lambda: base64_of(32),
        [
            "[Interface]\nPrivateKey = ⟨s⟩\nAddress = 10.0.0.2/24",
            "[Peer]\nPresharedKey = ⟨s⟩\nAllowedIPs = 0.0.0.0/0",
            "$ wg genkey\n⟨s⟩",
            "wg set wg0 peer x preshared-key <(echo ⟨s⟩)",
            "private_key: ⟨s⟩",
            '  private-key = "⟨s⟩";',
        ],
    ),
    *(
        (
            f"pem_{name}",
            pem(kind),
            [
                "$ cat key.pem\n⟨s⟩\n$ ",
                "⟨s⟩",
                "key: |\n  ⟨s⟩\n",
                "const key = `⟨s⟩`;",
                "+⟨s⟩\n+",
                "Here is the key:\n\n```\n⟨s⟩\n```",
            ],
        )
        for name, kind in [("rsa", "RSA "), ("pkcs8", ""), ("ec", "EC "), ("openssh", "OPENSSH "), ("pgp", "PGP ")]
    ),
    (
        "nameless",
        "{A43}",
        [
            "it printed ⟨s⟩ and stopped",
            "> ⟨s⟩",
            "value: ⟨s⟩",
            "$ openssl rand -base64 32 | tr -d =\n⟨s⟩",
            'print("⟨s⟩")',
            "got (⟨s⟩) from the vault",
        ],
    ),
]
# Written after the held-out half had been opened, before anything was mended for it: a third set that stays unseen.
FRESH_ANYWHERE = [
    "Hi, could you try with ⟨s⟩? Mine stopped working this morning.",
    "$ echo $⟨N⟩\n⟨s⟩\n$ ",
    "  ⟨k⟩: ⟨s⟩\n  timeout: 30s",
    "+  ⟨c⟩: '⟨s⟩',",
    'val client = Client("⟨s⟩")',
    'services.AddSingleton(new Options { ⟨c⟩ = "⟨s⟩" });',
    "$ ./cli auth --with-token <<< ⟨s⟩",
    "[INFO] using credential=⟨s⟩ from environment",
    '{"status":"ok","data":{"⟨c⟩":"⟨s⟩","id":17}}',
    "assert client.value == '⟨s⟩'",
    "expect(header).toBe('Bearer ⟨s⟩')",
    "<!-- ⟨s⟩ -->",
    'config :app, ⟨n⟩: "⟨s⟩"',
    "$ history | tail -2\n  501  export ⟨N⟩=⟨s⟩\n  502  make",
    "⟨N⟩: ${{ '⟨s⟩' }}",
    'panic: invalid credential "⟨s⟩" [recovered]',
]
FRESH_BY_NAME = [
    "{% set ⟨n⟩ = '⟨s⟩' %}",
    "Environment=⟨N⟩=⟨s⟩",
    '  environment = { ⟨N⟩ = "⟨s⟩" }',
    'val ⟨c⟩: String = "⟨s⟩"',
    'data class X(val ⟨c⟩: String = "⟨s⟩")',
    "setenv ⟨N⟩ ⟨s⟩",
    "heroku config:set ⟨N⟩=⟨s⟩ --app web",
    "kwargs = dict(host='db', ⟨n⟩='⟨s⟩')",
    '@⟨n⟩ = "⟨s⟩"',
    "export const ⟨c⟩ = `⟨s⟩`;",
    '⟨n⟩: str = "⟨s⟩"',
    "--build-arg ⟨N⟩=⟨s⟩ .",
    '{\\"⟨c⟩\\": \\"⟨s⟩\\"}',
    "export ⟨N⟩=⟨s⟩ && npm run build",
]
NOISE = [
    "Compiling web v0.4.2 (/home/dev/web)\n",
    "On branch main\nnothing to commit, working tree clean\n",
    "total 24\ndrwxr-xr-x 3 dev dev 4096 Nov 22 17:02 src\n",
    "commit 85d534b1f0c2a94e3d7b6a5c4f3e2d1c0b9a8f7e\n",
    "Done in 2.31s.\n",
]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.title() for one in rest)


def named(template: str, name: str) -> str:
    values = {"⟨n⟩": name, "⟨N⟩": name.upper(), "⟨c⟩": camel(name), "⟨k⟩": name.replace("_", "-")}
    for sign, value in values.items():
        template = template.replace(sign, value)
    return template


def wrapped(text: str, secret: str) -> tuple[str, str, str]:
    """As it is, or as an agent's hook hands it over: inside of JSON, once or twice."""
    how = R.choice(["plain", "plain", "noise", "tool", "tool", "twice"])
    if how == "noise":
        text = R.choice(NOISE) + text.rstrip("\n") + "\n" + R.choice(NOISE)
    if how == "twice":
        text, secret = json.dumps({"content": text}), json.dumps(secret)[1:-1]
    if how in ("tool", "twice"):
        tool = R.choice(
            [
                lambda: {"tool_name": "Bash", "tool_response": {"stdout": text, "stderr": "", "interrupted": False}},
                lambda: {"tool_name": "Write", "tool_input": {"file_path": "/home/dev/web/a", "content": text}},
                lambda: {"session_id": some_uuid(), "hook_event_name": "UserPromptSubmit", "prompt": text},
            ]
        )
        text, secret = json.dumps(tool()), json.dumps(secret)[1:-1]
    return how, text, secret


def parts(secret: str) -> list[str]:
    """Cut after the second character and then every eight, so that no prefix and no length stays."""
    return [secret[:2], *(secret[at : at + 8] for at in range(2, len(secret), 8))]


def example(kind: str, half: str, template: str, name: str, secret: str) -> dict[str, object]:
    how, text, spelled = wrapped(named(template, name).replace("⟨s⟩", secret), secret)
    pieces = text.split(spelled)
    if kind in ("slack_hook", "telegram"):
        # The number of a bot and the path of a hook are no secrets.
        mark = "/" if kind == "slack_hook" else ":"
        head, spelled = spelled.rpartition(mark)[0] + mark, spelled.rpartition(mark)[2]
        pieces = [*(one + head for one in pieces[:-1]), pieces[-1]]
    return {"kind": kind, "half": half, "how": how, "around": pieces, "parts": parts(spelled)}


def main() -> None:
    examples = []
    for kind, maker, names, templates in [
        *((kind, maker, [name], ANYWHERE) for kind, maker, name in FORMED),
        *((kind, maker, names, BY_NAME) for kind, maker, names in NAMED),
        *((kind, maker, ["value"], templates) for kind, maker, templates in PLACED),
    ]:
        often = {id(ANYWHERE): EACH, id(BY_NAME): 9}.get(id(templates), len(templates))
        for half, own in (("tuned", templates[::2]), ("held", templates[1::2])):
            for template in R.sample(own, min(often, len(own))):
                secret = draw(maker) if isinstance(maker, str) else maker()
                examples.append(example(kind, half, template, R.choice(names), secret))
    for kind, maker, names, templates in [
        *((kind, maker, [name], FRESH_ANYWHERE) for kind, maker, name in FORMED),
        *((kind, maker, names, FRESH_BY_NAME) for kind, maker, names in NAMED),
    ]:
        for template in R.sample(templates, 2 if templates is FRESH_ANYWHERE else 7):
            secret = draw(maker) if isinstance(maker, str) else maker()
            examples.append(example(kind, "fresh", template, R.choice(names), secret))
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in examples)
    (HERE / "secrets.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()

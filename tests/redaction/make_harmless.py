# ruff: noqa: E501, SIM905
"""Writes harmless.jsonl: what looks like a secret and is none, as it fills the output of tools. ``python make_harmless.py``.

Everything is drawn from a fixed seed, in the formats of the tools. Half of each kind may be used to tune rules, the
other half is held out.
"""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
R = random.Random("harmless look-alikes, first edition")
EACH = 76
ALNUM = string.ascii_letters + string.digits
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WORDS = (
    "account action adapter address agent alert anchor array asset async audit avatar badge banner batch billing block "
    "board border branch browser buffer build button cache calendar canvas card cart catalog channel chart check client "
    "cluster code color column command comment common compiler component config console container context control core "
    "cursor dashboard data date debug default delivery device dialog digest document driver editor element email engine "
    "error event export factory feature field file filter folder footer form format frame function gateway graph grid "
    "group handler header helper hook icon image import index input invoice item job label layout lazy ledger library "
    "link list loader locale log login manager map marker menu message metric middleware migration modal model module "
    "monitor mutation navbar network node notice number object offset option order origin output package page panel "
    "parser patch path payment picker plugin pointer policy pool popup portal preview price process product profile "
    "project promise provider proxy query queue range reducer region registry release render report request resource "
    "response result retry role route router runner sample schedule schema scope screen script search section select "
    "server service session setting sheet sidebar signal slider socket source stage state status step storage store "
    "stream string style summary switch symbol system table target task template text theme thread timer title toggle "
    "toolbar tooltip topic trace tracker transform tree trigger type update upload user util value vector version view "
    "virtual watcher widget window worker wrapper"
).split()
EXTENSIONS = "ts tsx js py go rs java rb css json yaml md".split()


def hexed(size: int) -> str:
    return "".join(R.choice("0123456789abcdef") for _ in range(size))


def alnum(size: int, characters: str = ALNUM) -> str:
    return "".join(R.choice(characters) for _ in range(size))


def b64(size: int) -> str:
    return base64.b64encode(R.randbytes(size)).decode()


def url64(size: int) -> str:
    return base64.urlsafe_b64encode(R.randbytes(size)).decode().rstrip("=")


def guid() -> str:
    return str(uuid.UUID(int=R.getrandbits(128), version=4))


def word() -> str:
    return R.choice(WORDS)


def words(count: int) -> str:
    return " ".join(word() for _ in range(count))


def camel(count: int) -> str:
    first, *rest = (word() for _ in range(count))
    return first + "".join(one.title() for one in rest)


def version() -> str:
    return f"{R.randrange(12)}.{R.randrange(30)}.{R.randrange(20)}"


def moment() -> str:
    return f"2026-{R.randrange(1, 13):02}-{R.randrange(1, 29):02}T{R.randrange(24):02}:{R.randrange(60):02}:{R.randrange(60):02}"


def path() -> str:
    return "/".join(["src", *(word() for _ in range(R.randrange(1, 4))), f"{camel(2)}.{R.choice(EXTENSIONS)}"])


def package() -> str:
    return R.choice([f"{word()}-{word()}", word(), f"@{word()}/{word()}-{word()}"])


def sourcemap() -> str:
    return "".join(
        alnum(R.choice((4, 4, 5, 6)), string.ascii_letters + string.digits + "+/") + R.choice(",,,;") for _ in range(40)
    )


def minified() -> str:
    names = [R.choice(string.ascii_lowercase) for _ in range(9)]
    a, b, c, d, e, f, g, h, i = names
    return R.choice(
        [
            f'!function({a},{b}){{"use strict";var {c}={a}.{word()}||{{}},{d}={R.randrange(9999)};for(var {e}=0;{e}<{d};{e}++){c}[{e}]={b}({e})}}(this,function({f}){{return {f}>>>{R.randrange(9)}}});',
            f"({a},{b},{c})=>{{var {d}={c}({R.randrange(99999)}),{e}={c}.n({d});{c}.d({b},{{{alnum(1).upper()}:()=>{f}}});const {f}={d}.{camel(3)}({g}=>{g}.{word()}?.[{h}]??{i})}}",
            f'e.exports=JSON.parse(\'{{"{word()}":"{word()}","k":{R.randrange(99)}}}\')}},{R.randrange(9999)}:(t,{a},{b})=>{{{b}.r({a}),{b}.d({a},{{{camel(2)}:()=>{c},Z:()=>{d}}})',
            f".{alnum(5)}_{word()}__{alnum(5)}{{display:flex;margin:0 0 {R.randrange(30)}px;background:#{hexed(6)}}}.{word()}-{word()}>*+*{{color:rgba({R.randrange(255)},0,0,.{R.randrange(9)})}}",
            f'const {a}="{words(3)}",{b}={{key:"{word()}",token:{c}.{camel(2)},password:{d}=>{d}.{word()}({e})}};export{{{a} as {alnum(2)},{b} as default}};',
        ]
    )


def image(kind: str) -> str:
    magic = {
        "png": bytes.fromhex("89504e470d0a1a0a0000000d49484452"),
        "jpeg": bytes.fromhex("ffd8ffe000104a46494600010100"),
        "gif": b"GIF89a\x10\x00\x10\x00",
        "woff2": b"wOF2\x00\x01\x00\x00",
    }[kind]
    return base64.b64encode(magic + R.randbytes(R.randrange(80, 900))).decode()


def svg() -> str:
    body = f"<svg xmlns='http://www.w3.org/2000/svg' width='{R.randrange(64)}'><path d='M{R.randrange(99)} 0h{R.randrange(99)}v9z'/></svg>"
    return base64.b64encode(body.encode()).decode()


def one_of(*makers: Callable[[], str]) -> Callable[[], str]:
    return lambda: R.choice(makers)()


KINDS: dict[str, Callable[[], str]] = {
    "git_log": lambda: (
        f"commit {hexed(40)}\nAuthor: Manu <manu@example.com>\nDate:   Sun Nov 22 14:53:28 2026 +0100\n\n    {words(5).capitalize()}\n"
    ),
    "git_oneline": lambda: "\n".join(f"{hexed(R.choice((7, 8, 10)))} {words(4)}" for _ in range(4)),
    "git_diff": lambda: (
        f"diff --git a/{path()} b/{path()}\nindex {hexed(11)}..{hexed(11)} 100644\n@@ -{R.randrange(99)},7 +{R.randrange(99)},9 @@ def {word()}_{word()}():\n"
        f"-    {camel(2)} = {word()}({R.randrange(99)})\n+    {camel(2)} = {word()}({R.randrange(99)})"
    ),
    "git_plumbing": one_of(
        lambda: f"100644 blob {hexed(40)}\t{path()}\n040000 tree {hexed(40)}\tsrc",
        lambda: f"{hexed(40)}\trefs/heads/{word()}\n{hexed(40)}\trefs/tags/v{version()}",
        lambda: f"   {hexed(7)}..{hexed(7)}  main -> main\nHEAD is now at {hexed(7)} {words(3)}",
        lambda: (
            f"From https://github.com/acme/{word()}\n * [new branch] {word()}/{word()}-{R.randrange(999)} -> origin/{word()}"
        ),
        lambda: f"uses: actions/{word()}@{hexed(40)} # v{version()}",
    ),
    "uuid": one_of(
        lambda: f"{moment()} INFO request {guid()} took {R.randrange(999)} ms",
        lambda: json.dumps({"session_id": guid(), "id": guid(), "user": word()}),
        lambda: f"SELECT * FROM {word()}s WHERE id = '{guid()}';",
        lambda: f"/home/dev/.cache/{word()}/{guid()}.jsonl",
        lambda: f"https://app.example.com/{word()}s/{guid()}?tab={word()}",
        lambda: f"{guid().upper()} {guid().replace('-', '')}",
    ),
    "digest": one_of(
        lambda: f"{hexed(64)}  {word()}-{version()}.tar.gz",
        lambda: f"{hexed(32)}  ./{path()}",
        lambda: f"{hexed(40)} *{word()}.zip",
        lambda: f"{hexed(128)}  {word()}.iso",
        lambda: f"SHA256 ({word()}.bin) = {hexed(64)}",
        lambda: f"MD5: {hexed(32).upper()}",
        lambda: f"assert digest == '{hexed(64)}'",
        lambda: f"sha384:{hexed(96)} blake3 {hexed(64)}",
    ),
    "package_lock": lambda: (
        f'    "node_modules/{package()}": {{\n      "version": "{(v := version())}",\n      "resolved": "https://registry.npmjs.org/{(p := package())}/-/{p.split("/")[-1]}-{v}.tgz",\n'
        f'      "integrity": "sha512-{b64(64)}",\n      "dev": true,\n      "engines": {{ "node": ">={R.randrange(20)}" }}\n    }},'
    ),
    "yarn_lock": lambda: (
        f'"{package()}@^{version()}":\n  version "{version()}"\n  resolved "https://registry.yarnpkg.com/{word()}/-/{word()}-{version()}.tgz#{hexed(40)}"\n  integrity sha512-{b64(64)}\n'
    ),
    "yarn_berry": lambda: (
        f'"{package()}@npm:^{version()}":\n  version: {version()}\n  resolution: "{package()}@npm:{version()}"\n  checksum: 10c0/{hexed(128)}\n  languageName: node\n  linkType: hard\n'
    ),
    "pnpm_lock": lambda: (
        f"  '{package()}@{version()}(react@{version()})':\n    resolution: {{integrity: sha512-{b64(64)}}}\n    engines: {{node: '>=18'}}\n"
    ),
    "cargo_lock": lambda: (
        f'[[package]]\nname = "{word()}-{word()}"\nversion = "{version()}"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "{hexed(64)}"\n'
    ),
    "go_sum": lambda: "\n".join(
        f"github.com/{word()}/{word()} v{version()}{R.choice(['', f'-0.{R.randrange(2 * 10**13, 3 * 10**13)}-{hexed(12)}'])}{R.choice(['', '/go.mod'])} h1:{b64(32)}"
        for _ in range(3)
    ),
    "python_locks": one_of(
        lambda: f'    {{file = "{word()}-{version()}-py3-none-any.whl", hash = "sha256:{hexed(64)}"}},',
        lambda: f"{word()}=={version()} \\\n    --hash=sha256:{hexed(64)} \\\n    --hash=sha256:{hexed(64)}",
        lambda: (
            f'sdist = {{ url = "https://files.pythonhosted.org/packages/{hexed(2)}/{hexed(2)}/{hexed(60)}/{word()}-{version()}.tar.gz", hash = "sha256:{hexed(64)}", size = {R.randrange(99999)} }}'
        ),
        lambda: f"{word()}/{word()}.py,sha256={url64(32)},{R.randrange(9999)}",
        lambda: f'"_meta": {{"hash": {{"sha256": "{hexed(64)}"}}, "pipfile-spec": 6}}',
        lambda: f'content-hash = "{hexed(64)}"',
    ),
    "other_locks": one_of(
        lambda: (
            f'"source": {{"type": "git", "url": "https://github.com/{word()}/{word()}.git", "reference": "{hexed(40)}"}}, "shasum": "{hexed(40)}"'
        ),
        lambda: f"  {word()} ({version()}) sha256={hexed(64)}",
        lambda: f'  "h1:{b64(32)}",\n  "zh:{hexed(64)}",',
        lambda: (
            f'"rev": "{hexed(40)}",\n"narHash": "sha256-{b64(32)}",\n"lastModified": {R.randrange(10**9, 2 * 10**9)}'
        ),
        lambda: f'  {word()}: ["{package()}@{version()}", "", {{}}, "sha512-{b64(64)}"],',
        lambda: f"SPEC CHECKSUMS:\n  {word().title()}: {hexed(40)}\nPODFILE CHECKSUM: {hexed(40)}",
        lambda: f'"sha256": "{hexed(64)}", "sha1": "{hexed(40)}"',
    ),
    "docker": one_of(
        lambda: f"FROM {word()}:{version()}-slim@sha256:{hexed(64)}",
        lambda: (
            f'{hexed(12)}   {word()}:{version()}   "{word()} --port 80"   2 hours ago   Up 2 hours   {word()}_{word()}_1'
        ),
        lambda: f"#12 sha256:{hexed(64)} 3.62MB / 3.62MB 0.4s done\n#12 extracting sha256:{hexed(64)}",
        lambda: f"Status: Downloaded newer image for {word()}:latest\nDigest: sha256:{hexed(64)}",
        lambda: f'"Id": "sha256:{hexed(64)}", "LogPath": "/var/lib/docker/containers/{(c := hexed(64))}/{c}-json.log"',
    ),
    "kubernetes": one_of(
        lambda: (
            f"{word()}-{word()}-{alnum(R.choice((9, 10)), 'bcdfghjklmnpqrstvwxz2456789')}-{alnum(5, 'bcdfghjklmnpqrstvwxz2456789')}   1/1   Running   0   {R.randrange(9)}d"
        ),
        lambda: f'pod-template-hash: {alnum(10, "bcdf456789")}\nuid: {guid()}\nresourceVersion: "{R.randrange(10**8)}"',
        lambda: f"containerID: containerd://{hexed(64)}\nimageID: docker.io/{word()}/{word()}@sha256:{hexed(64)}",
        lambda: f"secretName: {word()}-{word()}-tls\nsecretKeyRef:\n  name: {word()}-credentials\n  key: password",
        lambda: f"imagePullSecrets:\n- name: {word()}-registry-key\nserviceAccountName: {word()}-{word()}",
    ),
    "image": one_of(
        lambda: f'<img src="data:image/png;base64,{image("png")}" alt="{word()}">',
        lambda: f"background: url(data:image/jpeg;base64,{image('jpeg')}) no-repeat;",
        lambda: f"![{word()}](data:image/gif;base64,{image('gif')})",
        lambda: f'icon: "data:image/svg+xml;base64,{svg()}"',
        lambda: f"@font-face{{font-family:{word()};src:url(data:font/woff2;base64,{image('woff2')}) format('woff2')}}",
        lambda: json.dumps(
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image("png")}}
        ),
    ),
    "minified": minified,
    "source_map": lambda: (
        f'{{"version":3,"file":"{word()}.js","sources":["../{path()}"],"names":["{camel(2)}"],"mappings":"{sourcemap()}"}}'
    ),
    "assets": one_of(
        lambda: (
            f"dist/assets/index-{alnum(8, ALNUM + '-_')}.js   {R.randrange(999)}.{R.randrange(99)} kB │ gzip: {R.randrange(99)}.31 kB"
        ),
        lambda: f'<script type="module" src="/assets/{camel(2)}-{alnum(8)}.js"></script>',
        lambda: (
            f'<script src="https://cdn.example.com/{word()}.js" integrity="sha384-{b64(48)}" crossorigin="anonymous"></script>'
        ),
        lambda: f"static/chunks/pages/{word()}-{hexed(16)}.js\nstatic/css/{hexed(16)}.css",
        lambda: f"main.{hexed(8)}.chunk.js  {R.randrange(999)} KiB  [emitted] [immutable]  [name: {word()}]",
        lambda: (
            f'className="{camel(2)}_{word()}__{alnum(5)} sc-{alnum(6)} css-{alnum(7, string.ascii_lowercase + string.digits)}"'
        ),
    ),
    "version": one_of(
        lambda: f"v{version()}-alpha.{R.randrange(9)}+build.{R.randrange(10**8)}.{hexed(7)}",
        lambda: f"{word()} {version()} ({hexed(9)} 2026-{R.randrange(1, 13):02}-14)",
        lambda: f"{word()}-{version()}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        lambda: (
            f"Linux {word()} 6.1.0-{R.randrange(40)}-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.{R.randrange(200)}-1 x86_64"
        ),
        lambda: f"lib{word()}{R.randrange(9)} ({version()}-{R.randrange(9)}+deb12u{R.randrange(9)}) amd64",
        lambda: (
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{R.randrange(140)}.0.{R.randrange(9999)}.{R.randrange(200)} Safari/537.36"
        ),
        lambda: (
            f"gcc-{version()} x86_64-linux-gnu-{word()} 2.{R.randrange(40)}-{R.randrange(9)}ubuntu{R.randrange(9)}.{R.randrange(9)}"
        ),
    ),
    "trace": one_of(
        lambda: f"traceparent: 00-{hexed(32)}-{hexed(16)}-01",
        lambda: f'{{"trace_id":"{hexed(32)}","span_id":"{hexed(16)}","msg":"{words(3)}"}}',
        lambda: f"X-Amzn-Trace-Id: Root=1-{hexed(8)}-{hexed(24)};Parent={hexed(16)};Sampled=1",
        lambda: f"cf-ray: {hexed(16)}-FRA\nx-request-id: {guid()}",
        lambda: f"x-amz-id-2: {b64(57)}\nx-amz-request-id: {alnum(16, string.ascii_uppercase + string.digits)}",
        lambda: f'ETag: W/"{hexed(4)}-{b64(20)[:27]}"\nAge: {R.randrange(999)}',
        lambda: f'etag: "{hexed(32)}"\nx-served-by: cache-fra-{word()}{R.randrange(9999)}-FRA',
    ),
    "ids": one_of(
        lambda: f'{{"type":"tool_use","id":"toolu_01{alnum(22)}","name":"{word().title()}"}}',
        lambda: f"msg_01{alnum(22)} req_011{alnum(21)}",
        lambda: f"chatcmpl-{alnum(29)} call_{alnum(24)} resp_{hexed(48)}",
        lambda: f'"customer": "cus_{alnum(14)}", "payment_intent": "pi_3{alnum(23)}", "price": "price_1{alnum(23)}"',
        lambda: f"{alnum(26, CROCKFORD)} {moment()}Z",
        lambda: f'{{"_id": {{"$oid": "{hexed(24)}"}}, "{word()}": {R.randrange(99)}}}',
        lambda: f"ObjectId('{hexed(24)}') snowflake {R.randrange(10**17, 10**18)}",
        lambda: f"{word()}_{alnum(20, string.ascii_lowercase + string.digits)} created",
        lambda: (
            f"pk_live_51{alnum(97)} is the publishable key"
            if R.random() < 0.2
            else f"acct_1{alnum(15)} evt_1{alnum(23)}"
        ),
    ),
    "cloud": one_of(
        lambda: f"arn:aws:iam::{R.randrange(10**11, 10**12)}:role/{word().title()}{word().title()}Role",
        lambda: f"i-0{hexed(16)} vpc-0{hexed(16)} subnet-0{hexed(16)} ami-0{hexed(16)}",
        lambda: f"arn:aws:secretsmanager:eu-central-1:{R.randrange(10**11, 10**12)}:secret:prod/{word()}-{alnum(6)}",
        lambda: f"/subscriptions/{guid()}/resourceGroups/{word()}/providers/Microsoft.Storage/storageAccounts/{word()}",
        lambda: f"projects/{word()}-{R.randrange(999999)}/secrets/{word()}-password/versions/{R.randrange(9)}",
        lambda: (
            f"{R.randrange(10**11, 10**12)}-{alnum(32, string.ascii_lowercase + string.digits)}.apps.googleusercontent.com"
        ),
        lambda: f"arn:aws:kms:eu-west-1:{R.randrange(10**11, 10**12)}:key/{guid()}",
        lambda: (
            f"E{alnum(13, string.ascii_uppercase + string.digits)}.cloudfront.net Z{alnum(20, string.ascii_uppercase + string.digits)}"
        ),
        lambda: (
            f"https://{alnum(10, string.ascii_lowercase + string.digits)}.execute-api.eu-central-1.amazonaws.com/prod"
        ),
    ),
    "chain": one_of(
        lambda: f"0x{hexed(40)} sent {R.randrange(99)} in tx 0x{hexed(64)}",
        lambda: f"ipfs://Qm{alnum(44, BASE58)}",
        lambda: f"bc1q{alnum(38, '023456789acdefghjklmnpqrstuvwxyz')} block 0000000000000000000{hexed(45)}",
        lambda: f"bafybei{alnum(52, 'abcdefghijklmnopqrstuvwxyz234567')}",
        lambda: f"contract {camel(2).title()} at 0x{''.join(R.choice((str.upper, str.lower))(c) for c in hexed(40))}",
    ),
    "paths": one_of(
        lambda: f"/nix/store/{alnum(32, '0123456789abcdfghijklmnpqrsvwxyz')}-{word()}-{version()}/bin/{word()}",
        lambda: (
            f"node_modules/.pnpm/{word()}@{version()}_{alnum(26, string.ascii_lowercase + string.digits)}/node_modules/{word()}"
        ),
        lambda: f"/home/dev/.cache/pip/http-v2/{hexed(1)}/{hexed(1)}/{hexed(56)}.body",
        lambda: f"target/debug/deps/{word()}_{word()}-{hexed(16)}.rlib",
        lambda: f"/tmp/{word()}.{alnum(10)}/{path()}:{R.randrange(999)}:{R.randrange(80)}",
        lambda: f"C:\\Users\\dev\\AppData\\Local\\Temp\\{word()}{R.randrange(9999)}\\{camel(3).title()}.dll",
        lambda: (
            f"/private/var/folders/{alnum(2, string.ascii_lowercase)}/{alnum(30, string.ascii_lowercase + string.digits + '_')}/T/{word()}"
        ),
        lambda: f"~/Library/Developer/Xcode/DerivedData/{word().title()}-{alnum(28, string.ascii_lowercase)}/Build",
        lambda: (
            f".gradle/caches/modules-2/files-2.1/org.{word()}/{word()}/{version()}/{hexed(40)}/{word()}-{version()}.jar"
        ),
        lambda: f"bazel-out/k8-fastbuild/bin/external/{word()}~{version()}/{camel(3).title()}.pb.go",
    ),
    "symbols": one_of(
        lambda: (
            f"_ZN{R.randrange(3, 12)}{word()}{R.randrange(3, 9)}{word()}{R.randrange(3, 20)}{camel(2)}17h{hexed(16)}E"
        ),
        lambda: (
            f"  at com.{word()}.{word()}.{camel(3)[0].upper()}{camel(3)}$$EnhancerBySpringCGLIB$${hexed(8)}.{camel(2)}(<generated>)"
        ),
        lambda: f"0x00007f{hexed(10)} <{word()}+{R.randrange(999)}> call 0x{hexed(8)}",
        lambda: (
            f"{hexed(8)}: {hexed(4)} {hexed(4)} {hexed(4)} {hexed(4)} {hexed(4)} {hexed(4)} {hexed(4)} {hexed(4)}  ........"
        ),
        lambda: f"<{word()}.{camel(2)} object at 0x7f{hexed(10)}>",
        lambda: f"get{camel(4).title()}FactoryBean{R.randrange(99)} {camel(5)}V2 I18N{camel(3)}UTF8",
        lambda: (
            f"{R.choice(WORDS).upper()}_{R.choice(WORDS).upper()}_{R.choice(WORDS).upper()}_V{R.randrange(9)}_{R.randrange(99)}"
        ),
        lambda: f"\\u{hexed(4)}\\u{hexed(4)} &#x{hexed(4)}; %{hexed(2).upper()}%{hexed(2).upper()}",
        lambda: (
            f"$ {word()} --{word()}-{word()}={R.randrange(99)} -{R.choice('abcx')} {path()} | grep -E '^[A-Z0-9]{{20,40}}$'"
        ),
    ),
    "public_keys": one_of(
        lambda: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64(32)[:43]} {word()}@{word()}",
        lambda: f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{b64(380)} {word()}@{word()}",
        lambda: f"256 SHA256:{b64(32).rstrip('=')} {word()}@{word()} (ED25519)",
        lambda: "-----BEGIN PUBLIC KEY-----\n" + "\n".join(b64(48) for _ in range(4)) + "\n-----END PUBLIC KEY-----",
        lambda: "-----BEGIN CERTIFICATE-----\n" + "\n".join(b64(48) for _ in range(9)) + "\n-----END CERTIFICATE-----",
        lambda: f"github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64(32)[:43]}",
        lambda: (
            "-----BEGIN PGP SIGNATURE-----\n\n" + "\n".join(b64(48) for _ in range(4)) + "\n-----END PGP SIGNATURE-----"
        ),
        lambda: (
            f'gpg: using RSA key {hexed(40).upper()}\ngpg: Good signature from "{word().title()} <{word()}@example.com>"'
        ),
        lambda: f"add_header Public-Key-Pins 'pin-sha256=\"{b64(32)}\"; max-age=5184000';",
    ),
    "code_about_secrets": one_of(
        lambda: f"password = os.environ['{word().upper()}_PASSWORD']",
        lambda: f"const token = await {camel(2)}(request.{word()});",
        lambda: f"def {word()}_{word()}(self, password: str | None = None, api_key: str = '') -> None:",
        lambda: f"    secret: {word()}.{word()}Secret,\n    token: {camel(3)}.token,",
        lambda: f"if (password.length < {R.randrange(8, 16)}) throw new {word().title()}Error('password too short')",
        lambda: f"api_key = settings.{word()}.api_key  # set {word().upper()}_API_KEY",
        lambda: f'private final String tokenType = "{word()}"; String passwordField = "#{word()}-{word()}";',
        lambda: f'token := r.Header.Get("X-{word().title()}-Token")\nif token == "" {{ return err{word().title()} }}',
        lambda: f"expect(screen.getByLabelText('Password')).toHave{word().title()}Value('{word()}')",
        lambda: f"accessToken?: string; refreshToken: {word().title()}Token; passwordHash: Buffer;",
        lambda: f"secret_key = secrets.token_urlsafe({R.randrange(16, 64)})",
        lambda: f'<input type="password" name="password" autocomplete="new-password" id="{word()}-{word()}">',
        lambda: f"tokens = tokenizer.encode({word()}); for token in tokens[:{R.randrange(99)}]: print(token)",
        lambda: f"ALTER TABLE {word()}s ADD COLUMN password_hash text NOT NULL, ADD token_{word()} timestamptz;",
        lambda: (
            f"match token {{ Token::{word().title()} => self.{word()}(), Token::{word().title()}{word().title()} => return }}"
        ),
        lambda: f'let key = format!("{word()}:{{}}:{word()}", {word()}.id);',
        lambda: f"return jwt.sign(payload, process.env.{word().upper()}_SECRET, {{ expiresIn: '{R.randrange(60)}m' }})",
    ),
    "placeholders": one_of(
        lambda: f"{word().upper()}_API_KEY=your-{word()}-api-key-here",
        lambda: f"{word().upper()}_PASSWORD=${{{word().upper()}_PASSWORD:?not set}}",
        lambda: f"password: {{{{ .Values.{word()}.password }}}}",
        lambda: f"{word().upper()}_TOKEN=<{word()}-token>",
        lambda: f'api_key: "********************{hexed(4)}"',
        lambda: f"export {word().upper()}_SECRET=changeme",
        lambda: f"token: ${{{{ secrets.{word().upper()}_TOKEN }}}}",
        lambda: f"postgresql://{word()}:${{DB_PASSWORD}}@{word()}/{word()} or postgresql://user:<password>@host/db",
        lambda: 'secret_key_base: <%= ENV["SECRET_KEY_BASE"] %>\npassword: !vault |',
        lambda: f"password=xxxxxxxxxxxx user={word()}",
        lambda: f"client_secret = var.{word()}_client_secret\npassword = random_password.{word()}.result",
        lambda: f"{word().upper()}_KEY_FILE=/run/secrets/{word()}_key\nTOKEN_URL=https://{word()}.example.com/token",
        lambda: "Authorization: Bearer $TOKEN\nX-Api-Key: {{api_key}}",
        lambda: f"{word().upper()}_TOKEN=[REDACTED:named:{hexed(8)}]",
    ),
    "usage": one_of(
        lambda: json.dumps(
            {
                "usage": {
                    "input_tokens": R.randrange(9999),
                    "cache_read_input_tokens": R.randrange(99999),
                    "output_tokens": R.randrange(999),
                    "service_tier": "standard",
                }
            }
        ),
        lambda: (
            f'max_tokens={R.randrange(9999)}, temperature=0.{R.randrange(9)}, model="claude-{word()}-4-5-2025{R.randrange(1000, 1231)}"'
        ),
        lambda: json.dumps({"type": "thinking", "thinking": "", "signature": b64(R.randrange(210, 600))}),
        lambda: f'{{"next_page_token":"{R.randrange(9999)}","token_count":{R.randrange(9999)},"tokenizer":"{word()}"}}',
        lambda: f"context window: {R.randrange(99)}% ({R.randrange(999)}k tokens), cost $0.{R.randrange(99)}",
    ),
    "logs": one_of(
        lambda: (
            f"{moment()}.{R.randrange(999):03}Z [{word()}] {words(6)} id={R.randrange(10**9)} addr=10.{R.randrange(255)}.{R.randrange(255)}.7:{R.randrange(65535)}"
        ),
        lambda: (
            f'10.0.0.{R.randrange(255)} - - [22/Nov/2026:14:53:28 +0000] "GET /{word()}/{word()}?page={R.randrange(9)}&sort={word()} HTTP/1.1" 200 {R.randrange(99999)}'
        ),
        lambda: f"2001:db8:{hexed(4)}:{hexed(4)}::{hexed(4)} {':'.join(hexed(2) for _ in range(6))} dev eth0",
        lambda: f"Enter your password: \nSorry, try again.\nThe token is invalid or expired ({R.randrange(999)}).",
        lambda: f'{moment()} WARN  token expired for user {word()}; password authentication failed for user "{word()}"',
        lambda: f"PASS {path()} ({R.randrange(9)}.{R.randrange(999)} s)\n  ✓ {words(6)} ({R.randrange(99)} ms)",
        lambda: f"-rw-r--r-- 1 dev dev {R.randrange(99999)} Nov 22 17:02 {camel(3).title()}.{word()}-{word()}.json",
        lambda: (
            f'kernel: audit: type=1400 audit({R.randrange(10**9, 2 * 10**9)}.{R.randrange(999)}:{R.randrange(99)}): apparmor="STATUS" name="{word()}"'
        ),
    ),
    "urls": one_of(
        lambda: (
            f"https://docs.google.com/document/d/1{alnum(43, ALNUM + '-_')}/edit#heading=h.{alnum(12, string.ascii_lowercase + string.digits)}"
        ),
        lambda: f"https://www.youtube.com/watch?v={alnum(11, ALNUM + '-_')}&list=PL{alnum(32, ALNUM + '-_')}",
        lambda: f"https://github.com/{word()}/{word()}/blob/{hexed(40)}/{path()}#L{R.randrange(999)}",
        lambda: (
            f"https://www.figma.com/design/{alnum(22)}/{word().title()}?node-id={R.randrange(99)}-{R.randrange(999)}"
        ),
        lambda: (
            f"https://{word()}.slack.com/archives/C{alnum(10, string.ascii_uppercase + string.digits)}/p{R.randrange(10**15, 10**16)}"
        ),
        lambda: f"https://stackoverflow.com/questions/{R.randrange(10**8)}/{word()}-{word()}-{word()}-{word()}",
        lambda: f"git@github.com:{word()}/{word()}.git git+ssh://git@github.com/{word()}/{word()}.git#{hexed(40)}",
        lambda: (
            f"https://linear.app/acme/issue/{word()[:3].upper()}-{R.randrange(9999)}/{word()}-{word()} http://localhost:{R.randrange(3000, 9999)}/@{word()}/{word()}"
        ),
        lambda: (
            f"https://images.example.com/{hexed(32)}/{R.randrange(999)}x{R.randrange(999)}/{word()}.webp?v={R.randrange(10**9)}"
        ),
        lambda: f"s3://{word()}-{word()}/{moment()[:10]}/{word()}-{hexed(8)}.parquet",
    ),
    "data": one_of(
        lambda: ",".join(f"{R.random():.12f}" for _ in range(8)),
        lambda: f"id,name,amount\n{R.randrange(999)},{word()},{R.randrange(9999)}.{R.randrange(99):02}\n",
        lambda: f"#{hexed(6)} #{hexed(8)} rgb({R.randrange(255)} {R.randrange(255)} {R.randrange(255)} / 40%)",
        lambda: f"DE{R.randrange(10**19, 10**20)} +49 30 {R.randrange(10**6, 10**7)}",
        lambda: "ATG" + alnum(90, "ACGT") + " MKV" + alnum(60, "ACDEFGHIKLMNPQRSTVWY"),
        lambda: (
            f"M{R.randrange(99)}.{R.randrange(99)} {R.randrange(9)}a2 2 0 0 1-2 2H{R.randrange(9)}a2 2 0 0 1-2-2V{R.randrange(9)}z"
        ),
        lambda: f"0 {R.randrange(24)} * * {R.randrange(7)} /usr/bin/{word()} >> /var/log/{word()}.log 2>&1",
        lambda: f'"{words(4)}": [{R.randrange(99)}, {R.randrange(99)}, null, true], "e": {R.random():.15e}',
        lambda: "=" * R.randrange(40, 90) + "\n" + "-" * R.randrange(40, 90),
    ),
    "pem_of_tests": lambda: (
        f"openssl x509 -noout -fingerprint -sha256\nSHA256 Fingerprint={':'.join(hexed(2).upper() for _ in range(32))}\nserial={hexed(36).upper()}"
    ),
    "prose": lambda: (
        f"{words(9).capitalize()}. The password policy asks for {R.randrange(8, 20)} characters; a token lives {R.randrange(90)} days. "
        f"Secrets stay in the vault, keys are rotated each {word()}. See {path()} and `{camel(3)}`."
    ),
    "configuration": one_of(
        lambda: (
            f"PATH=/usr/local/sbin:/usr/local/bin:/usr/bin\nPWD=/home/dev/{word()}\nOLDPWD=/home/dev/{word()}/{word()}"
        ),
        lambda: (
            f"SSH_AUTH_SOCK=/run/user/1000/keyring/ssh\nDBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus,guid={hexed(32)}"
        ),
        lambda: (
            f"token_endpoint: https://{word()}.example.com/oauth/token\npassword_policy: {word()}\nsecret_name: {word()}/{word()}"
        ),
        lambda: f"key: {word()}-{word()}-{{{{ hashFiles('**/package-lock.json') }}}}\nrestore-keys: {word()}-",
        lambda: f"CLAUDE_CODE_{word().upper()}_{word().upper()}=1\nKEYBOARD_LAYOUT=de-latin1-nodeadkeys",
        lambda: f"keys: {{ primary: [{word()}_id, {word()}], foreign_key: {word()}_id }}\nprimary_key = '{word()}_id'",
        lambda: (
            f'<PackageReference Include="{word().title()}.{word().title()}" Version="{version()}" PublicKeyToken="{hexed(16)}" />'
        ),
        lambda: (
            f"token_ttl = {R.randrange(9999)}\npassword_min_length = {R.randrange(8, 20)}\nsecret_id = {word()}-{R.randrange(99)}"
        ),
        lambda: f'"keybindings": [{{"key": "ctrl+shift+{R.choice("abcdef")}", "command": "{word()}.{camel(2)}"}}]',
    ),
    "notebook": lambda: (
        f'{{"cell_type": "code", "id": "{hexed(8)}", "outputs": [{{"data": {{"image/png": "{image("png")}"}}, "output_type": "display_data"}}]}}'
    ),
    "archives": one_of(
        lambda: f"begin-base64 644 {word()}.bin\n{b64(45)}\n{b64(45)}\n====",
        lambda: f"GIT binary patch\nliteral {R.randrange(9999)}\nzc{alnum(60, ALNUM + '!#$%&()*+-;<=>?@^_`{|}~')}",
        lambda: "Content-Transfer-Encoding: base64\n\n" + "\n".join(b64(57) for _ in range(6)),
        lambda: f"oid sha256:{hexed(64)}\nsize {R.randrange(10**7)}",
        lambda: f'"wasm": "AGFzbQEAAAAB{b64(300)}"',
    ),
    "transcript": one_of(
        lambda: json.dumps(
            {
                "session_id": guid(),
                "transcript_path": f"/home/dev/.claude/projects/-home-dev-{word()}/{guid()}.jsonl",
                "cwd": f"/home/dev/{word()}",
                "hook_event_name": "PostToolUse",
                "tool_use_id": f"toolu_01{alnum(22)}",
                "tool_input": {"command": f"git show {hexed(10)} -- {path()}"},
            }
        ),
        lambda: json.dumps(
            {"uuid": guid(), "parentUuid": guid(), "requestId": f"req_011C{alnum(20)}", "type": "assistant"}
        ),
        lambda: json.dumps(
            {
                "tool_name": "Read",
                "tool_response": f"     1\t{camel(3)} = {word()}({R.randrange(9)})\n     2\treturn {word()}",
            }
        ),
        lambda: json.dumps(
            {
                "gitBranch": f"{word()}/{word()}",
                "version": version(),
                "promptId": guid(),
                "slug": f"{word()}-{word()}-{word()}",
            }
        ),
    ),
    "ci": one_of(
        lambda: (
            f"##[group]Run actions/checkout@{hexed(40)}\nwith:\n  token: ***\n  ssh-strict: true\n  persist-credentials: true"
        ),
        lambda: f"Cache restored from key: Linux-node-{hexed(64)}",
        lambda: f"##[add-mask]***\nUploading artifact {word()}-{hexed(40)} ({R.randrange(99)} MB)",
        lambda: f"Run ID {R.randrange(10**10)} attempt 1 sha {hexed(40)} ref refs/pull/{R.randrange(999)}/merge",
    ),
}


def main() -> None:
    lines, seen = [], set()
    for kind, make in KINDS.items():
        for number in range(
            EACH if kind not in ("uuid", "digest", "ids", "git_log", "code_about_secrets") else 2 * EACH
        ):
            text = make()
            if R.random() < 0.3:
                text = json.dumps({"tool_name": "Bash", "tool_response": {"stdout": text, "stderr": ""}})
            if text in seen:
                continue
            seen.add(text)
            lines.append({"kind": kind, "half": ("tuned", "held")[number % 2], "text": text})
    path = HERE / "harmless.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")


if __name__ == "__main__":
    main()

"""A real SMTP server (aiosmtpd) for tests: takes mail on a free port of loopback and keeps each message as a file.

Prints one line of JSON with its port, then serves until standard input ends.
usage: smtp_server.py FOLDER [--tls implicit|starttls --cert FILE --key FILE] [--user NAME --password WORD] [--refuse ADDRESS]...
"""

import argparse
import json
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keeper:
    """Writes each accepted message to the folder, in the order of arrival, with its envelope beside it."""

    def __init__(self, folder, refused):
        self.folder, self.refused, self.count = folder, refused, 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if (self.folder / "down").exists():
            return "451 4.3.0 try again later"
        if address in self.refused:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        name = f"{self.count:04}"
        note = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": server.transport.get_extra_info("ssl_object") is not None}
        (self.folder / f"{name}.json").write_text(json.dumps(note))
        (self.folder / f"{name}.eml").write_bytes(envelope.original_content)
        if (self.folder / "forgetful").exists():
            return "451 4.3.0 something went wrong at the last moment"
        return "250 2.0.0 kept"


class Anywhere(Controller):
    """Listens on a free port; aiosmtpd otherwise tests its own port before it knows the number."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tls", choices=["implicit", "starttls"])
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--refuse", action="append", default=[])
    options = parser.parse_args()

    def sign_in(server, session, envelope, mechanism, data):
        good = data.login == options.user.encode() and data.password == options.password.encode()
        # Not handled: the server itself then says 535.
        return AuthResult(success=good, handled=good)

    settings = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "localhost"}
    if options.user:
        settings |= {"authenticator": sign_in, "auth_required": True, "auth_require_tls": options.tls == "starttls"}
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.cert, options.key)
        if options.tls == "implicit":
            settings["ssl_context"] = context
        else:
            settings |= {"tls_context": context, "require_starttls": True}
    controller = Anywhere(Keeper(options.folder, options.refuse), **settings)
    controller.start()
    print(json.dumps({"port": controller.port}), flush=True)
    sys.stdin.read()
    controller.stop()


if __name__ == "__main__":
    main()

"""Reads kept messages with Python's own mail library and prints one line of JSON each, so that nothing of ours judges our mails.

usage: read_mail.py FILE...   Pictures are written beside the message, named FILE.1.png and so on.
"""

import email
import email.policy
import json
import pathlib
import sys


def structure(part):
    if part.is_multipart():
        return {part.get_content_type(): [structure(child) for child in part.iter_parts()]}
    return part.get_content_type()


def main():
    for name in sys.argv[1:]:
        file = pathlib.Path(name)
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        pictures = []
        for number, part in enumerate((p for p in message.walk() if p.get_content_type() == "image/png"), 1):
            picture = file.with_name(f"{file.name}.{number}.png")
            picture.write_bytes(part.get_content())
            note = {"file": str(picture), "disposition": part.get_content_disposition(), "id": part["Content-ID"]}
            pictures.append(note)
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        print(json.dumps({
            "headers": {key.lower(): str(value) for key, value in message.items()},
            "recipients": [address.addr_spec for name in ("to", "cc", "bcc") for header in message.get_all(name, [])
                           for address in header.addresses],
            "structure": structure(message),
            "text": text.get_content() if text else None,
            "html": html.get_content() if html else None,
            "pictures": pictures,
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
        }))


if __name__ == "__main__":
    main()

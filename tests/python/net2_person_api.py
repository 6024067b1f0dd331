"""Uses the person API of a Net2 server as an independent client: the standard library only. Exits 1 with a reason."""
import argparse, json, ssl, sys, urllib.error, urllib.parse, urllib.request

args = argparse.ArgumentParser(description=__doc__)
args.add_argument("line", nargs="?", help="the JSON line that `vendor-sim net2` prints")
for name in ("--url", "--client-id", "--operator", "--password"):
    args.add_argument(name)
args.add_argument("--insecure", action="store_true", help="do not verify the certificate")
args = args.parse_args()
given = json.loads(args.line) if args.line else {}
url, client_id, operator, password = (
    getattr(args, name) or given.get(name) or sys.exit(f"FAILED: {name} is not given")
    for name in ("url", "client_id", "operator", "password"))
tls = ssl._create_unverified_context() if args.insecure else ssl.create_default_context()
headers = {"Accept": "application/json"}

def call(method, path, body=None, form=False):
    data = urllib.parse.urlencode(body).encode() if form else json.dumps(body).encode() if body is not None else None
    kind = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"} if data else {}
    request = urllib.request.Request(f"{url}/api/v1/{path}", data, {**headers, **kind}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30, context=tls) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"FAILED: {method} {path}: status {error.code}: {error.read()[:200]!r}")
    except OSError as error:
        sys.exit(f"FAILED: {method} {path}: {error}")
    return lower(json.loads(text)) if text.strip() else None

def lower(value):  # Net2 writes keys in either case
    if isinstance(value, dict):
        return {key.lower(): lower(item) for key, item in value.items()}
    return [lower(item) for item in value] if isinstance(value, list) else value

def check(condition, what):
    print(f"ok: {what}") if condition else sys.exit(f"FAILED: {what}")

signed_in = call("POST", "authorization/tokens", {"grant_type": "password", "username": operator, "password": password,
                 "client_id": client_id, "scope": "offline_access"}, form=True)
headers["Authorization"] = "Bearer " + signed_in["access_token"]
check(signed_in["expires_in"] > 0 and signed_in["refresh_token"], "signed in, with a refresh token")
users = call("GET", "users")
check(len(users) > 0 and all("id" in user for user in users), f"listed {len(users)} users")
user = call("POST", "users", {"firstName": "Zoë", "lastName": "O'Tester", "activateDate": "2027-03-01T00:00:00",
            "expiryDate": "2031-12-31T00:00:00", "customFields": [{"id": 9, "value": "zoe@example.org"}]})["id"]
stored = call("GET", f"users/{user}")
check(stored["lastname"] == "O'Tester" and stored["expirydate"][:10] == "2031-12-31", "created a user with expiry")
department = [one for one in call("GET", "departments") if one["id"] != 0][-1]
call("PUT", f"users/{user}/departments", {"id": department["id"], "name": department["name"]})
check(call("GET", f"users/{user}/departments")[0]["id"] == department["id"], f"moved to {department['name']}")
level = [one["id"] for one in call("GET", "accesslevels") if 1 < one["id"] < 10_000_000][0]
call("PUT", f"users/{user}/doorpermissionset", {"accessLevels": [level], "individualPermissions": []})
check(call("GET", f"users/{user}/doorpermissionset")["accesslevels"] == [level], f"set access level {level}")
call("POST", f"users/{user}/tokens", {"tokenType": "Keyfob", "tokenValue": str(70_000_000 + user), "isLost": False})
check(call("GET", f"users/{user}/tokens")[0]["tokenvalue"] == str(70_000_000 + user), "added a token")
query = urllib.parse.urlencode({"where": f"UserID={user} AND EventType=570", "orderBy": "EventID DESC", "rowCount": 10})
events = call("GET", f"events?{query}") or []
check(events and all(event["userid"] == user for event in events), f"found {len(events)} events about the user")

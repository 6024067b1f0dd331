"""icalendar and recurring-ical-events as a peer: parses a feed and expands every event within a window.

usage: python_ical.py FILE FROM TO (seconds since 1970). Prints one line of JSON.
"""

import datetime
import json
import pathlib
import resource
import sys
import time

import icalendar
import recurring_ical_events

body = pathlib.Path(sys.argv[1]).read_bytes()
start, end = (datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc) for text in sys.argv[2:4])
begin, cpu = time.monotonic(), time.process_time()
calendar = icalendar.Calendar.from_ical(body)
instances = sum(1 for _ in recurring_ical_events.of(calendar).between(start, end))
seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"wall_s": round(seconds, 4), "cpu_s": round(cpu, 4), "peak_mb": round(peak, 1), "instances": instances}))

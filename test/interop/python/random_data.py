"""Plain data at random, the same for the same seed, and what rqt is to show of them."""

import base64
import json
import math
import pickle
import random
import zoneinfo
from collections import OrderedDict
from datetime import date, datetime, time, timedelta, timezone

ZONES = [zoneinfo.ZoneInfo(name) for name in ('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC')]
ALPHABET = 'aZ0 _"\\\n\x00\x7f\x80ÿĀ€漢\u2028🎉\ud83d'


def text(pick):
    return ''.join(pick.choices(ALPHABET, k=pick.choice((0, 1, 3, 20, 300))))


def integer(pick):
    return pick.choice((-1, 1)) * pick.getrandbits(pick.choice((1, 7, 8, 9, 16, 31, 32, 33, 53, 54, 64, 200, 2100)))


def floating(pick):
    return pick.choice((0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e22, pick.uniform(-1e9, 1e9), float(pick.getrandbits(60))))


def zone(pick):
    return pick.choice((None, timezone.utc, timezone(timedelta(microseconds=pick.randint(-86_399_999_999, 86_399_999_999))), pick.choice(ZONES)))


def clock(pick):
    return dict(
        hour=pick.randrange(24),
        minute=pick.randrange(60),
        second=pick.randrange(60),
        microsecond=pick.choice((0, pick.randrange(1_000_000))),
        tzinfo=zone(pick),
        fold=pick.randrange(2),
    )


def moment(pick):
    day = date.fromordinal(pick.choice((pick.randint(1, date.max.toordinal()), pick.randint(719_163, 745_000))))
    at = clock(pick)
    if isinstance(at['tzinfo'], zoneinfo.ZoneInfo) and day.year < 1970:
        # Of the times before, each copy of the time zones knows more or less.
        day = day.replace(year=2000, day=1)
    return pick.choice((day, time(**at), datetime(day.year, day.month, day.day, **at)))


def span(pick):
    return timedelta(microseconds=pick.choice((0, 1, -1, pick.randint(-(10**15), 10**15))))


def scalar(pick):
    kinds = (lambda _: None, lambda _: True, lambda _: False, integer, floating, text, moment, span, lambda _: text(pick).encode('utf-8', 'surrogatepass'))
    return pick.choice(kinds)(pick)


def value(pick, depth=5, seen=None):
    seen = [] if seen is None else seen
    if depth == 0 or pick.random() < 0.4:
        return scalar(pick)
    if seen and pick.random() < 0.1:
        return pick.choice(seen)
    some = [value(pick, depth - 1, seen) for _ in range(pick.choice((0, 1, 2, 3, 4, 6)))]
    keys = [scalar(pick) for _ in some]
    if not is_told_apart(set(keys)):
        keys = list(range(len(some)))
    made = pick.choice((
        lambda: some,
        lambda: tuple(some),
        lambda: set(keys),
        lambda: frozenset(keys),
        lambda: bytearray(pick.randbytes(len(some))),
        lambda: dict(zip(keys, some)),
        lambda: OrderedDict((text(pick), each) for each in some),
        lambda: {text(pick): each for each in some},
    ))()
    seen.append(made)
    return made


def rendered(found, protocol):
    """What `--json` shows of it."""
    if isinstance(found, float) and not math.isfinite(found):
        return 'NaN' if math.isnan(found) else 'Infinity' if found > 0 else '-Infinity'
    if isinstance(found, (bytes, bytearray)):
        return base64.b64encode(found).decode()
    if isinstance(found, (datetime, time)):
        # Older protocols do not keep it.
        return (found if protocol > 3 else found.replace(fold=0)).isoformat()
    if isinstance(found, date):
        return found.isoformat()
    if isinstance(found, timedelta):
        return found.total_seconds()
    if isinstance(found, dict):
        entries = [[rendered(each, protocol) for each in entry] for entry in found.items()]
        # A key that rqt has as a text is a text.
        return dict(entries) if all(isinstance(key, (str, date, time)) for key in found) else entries
    if isinstance(found, (list, tuple, set, frozenset)):
        return [rendered(each, protocol) for each in found]
    return found


def is_told_apart(keys):
    """rqt has some as the same text or number: a timedelta of a second and 1."""
    return len({(type(key) is bytes, rendered(key, 5)) for key in keys}) == len(keys)


def same(shown, wanted):
    """Numbers are the same when they are equal: JSON does not tell 3 from 3.0. A boolean is no number."""
    if isinstance(shown, list) and isinstance(wanted, list):
        return len(shown) == len(wanted) and all(map(same, shown, wanted))
    if isinstance(shown, dict) and isinstance(wanted, dict):
        return shown.keys() == wanted.keys() and all(same(shown[key], wanted[key]) for key in shown)
    return shown == wanted and isinstance(shown, bool) == isinstance(wanted, bool)


class Round:
    """Some values of a seed, each pickled with one of the protocols."""

    def __init__(self, seed, count):
        pick = random.Random(seed)
        self.values = [(value(pick), 2 + i % 4) for i in range(count)]

    def pickles(self):
        return [pickle.dumps(each, protocol).hex() for each, protocol in self.values]

    def wrong(self, shown):
        """Which values are shown otherwise than they are: number, protocol, what it is, what is shown."""
        found = enumerate(zip(self.values, shown))
        return [
            [i, protocol, repr(each)[:500], text[:500]]
            for i, ((each, protocol), text) in found
            if not same(json.loads(text), rendered(each, protocol))
        ]

"""Values that programs stumble over: numbers, texts, units, and how a card spells them."""

INTEGERS = (0, -1, 1, 2, 3, 7, 8, 16, 64, 255, 999, 1000, 32767, -32768, 65536, 10**6, 2**31 - 1, 2**31, -(2**31),
            2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64, 10**12, 10**20, 10**40)  # fmt: skip
FLOATS = (
    "0.0", "-0.0", "1.5", "-1.0E-3", "1E-30", "1E300", "-1E300", "1E-320", "1E400", "-1E400", "1D5", "3.0D300", "1.",
    ".5", "1E", "1.2.3", "0x10", "1_000", "NaN", "nan", "INF", "-Inf", "1e5", "9999999999999999999.0",
)  # fmt: skip
TEXTS = ("", " ", "x", "NaN", "T", "0", "1", "-1", "1e400", "%s%n%d", "{0}{ID}", "a/b", "../x", "a'b", "A" * 68, "&",
         "abc&", "\t", "u g r i z", "r", "RA---TAN", "GLON-TAN", "deg", "uJy", "mag", "J2000", "[1]", "#1", "*",
         "2000-13-45T99:99:99", "-4712-01-01", "1E5", "µJy", "Å", "日本", "\x1b[31m", "\x00", "\x7f")  # fmt: skip
UNITS = ("mag", "uJy", "nJy", "Jy", "mJy", "nanomaggy", "nanomaggies", "maggies", "ABmag", "mag(AB)", "MJy/sr", "",
         "1/nanomaggy^2", "uJy**-2", "deg", "10**(-9) Jy", "10**999 Jy", "10**-999999999 uJy", "10^99999 maggies",
         "uJy**99999999", "uJy^(1/0)", "1e400 Jy", "((((((Jy", "Jy/Jy/Jy/Jy", "10**(10**10) Jy", "Jy Jy Jy", "µJy",
         "counts/s", "erg/s/cm2/Hz", "electron", "0 Jy", "-1 Jy", "nan Jy", "sqrt(Jy)", "log(Jy)", "[-99]")  # fmt: skip
FORMS = (
    "E", "D", "J", "I", "K", "B", "L", "X", "A", "C", "M", "P", "Q", "0E", "1E", "5E", "2D", "3J", "20A", "PE",
    "PE()", "PE(5)", "QD(0)", "1PB(99999999)", "99999999999E", "-1E", "1E5", "E8.3", "F8.3", "I10", "A8", "Z", "",
    " ", "8X", "1000000000A", "2147483648B", "0A", "0PE(0)",
)  # fmt: skip
DIMS = ("()", "(1)", "(5)", "(2,3)", "(0,0)", "(-1,2)", "(99999999,99999999)", "(1e5)", "5", "(5", "", "(1,1,1,1,1,1)")
NUMBERS = (*map(str, INTEGERS), *FLOATS)


def pick(rng, offered, p=None):
    """Return one of a sequence as it is (numpy's choice would convert it); ``p`` holds their shares."""
    return offered[int(rng.integers(len(offered)) if p is None else rng.choice(len(offered), p=p))]


def spelled(value):
    """Return a value as a card has it: text in quotes, a number as it is."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''").ljust(8) + "'"
    return str(value)


def card(name, value, comment=""):
    """Return a card's 80 bytes; ``value`` stands as it is given, raw."""
    head = name if name.startswith("HIERARCH ") else f"{name:8}"
    text = f"{head}= {value:>20}" + (f" / {comment}" if comment else "")
    return text.encode("utf-8", "surrogateescape")[:80].ljust(80)


def continued(name, text):
    """Return the cards of a long text."""
    pieces = [text[at : at + 60] for at in range(0, max(1, len(text)), 60)]
    cards = [card(name, "'" + pieces[0] + ("&'" if len(pieces) > 1 else "'"))]
    for number, piece in enumerate(pieces[1:], 2):
        end = "&'" if number < len(pieces) else "'"
        cards.append(f"CONTINUE  '{piece}{end}".encode()[:80].ljust(80))
    return b"".join(cards)


def raw(rng, name, now=""):
    """Return one or more cards of this name, of any type and value; ``now`` is the value's present spelling."""
    kind = pick(rng, ["number", "nudge", "text", "unit", "other", "long"], p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    if kind == "nudge":
        return card(name, nudged(rng, now))
    if kind == "number":
        return card(name, pick(rng, NUMBERS))
    if kind == "text":
        return card(name, spelled(pick(rng, TEXTS)))
    if kind == "unit":
        return card(name, spelled(pick(rng, UNITS)))
    if kind == "long":
        return continued(name, pick(rng, ["x", "%s", "RA---TAN", "1"]) * pick(rng, [20, 70, 500]))
    other = ["T", "F", "", "(1.0, 2.0)", "'unclosed", "T / x", "1 2", "''", "'a''b'", "=", "NULL", "/ no value"]
    text = pick(rng, other)
    shape = int(rng.integers(4))
    if shape == 0:  # no value indicator
        return f"{name:8}  {text}".encode()[:80].ljust(80)
    if shape == 1:
        return f"{name:8}={text}".encode()[:80].ljust(80)
    if shape == 2:
        return (name.lower() if rng.integers(2) else f"HIERARCH {name}").encode()[:60] + f" = {text}".encode().ljust(
            80
        )[:20]
    return card(name, text)


def nudged(rng, now):
    """Return a number near or far from the present one, in any spelling."""
    try:
        value = float(now.replace("D", "E"))
    except ValueError:
        text = now.strip("' ") or "x"
        at = int(rng.integers(len(text)))
        return spelled(pick(rng, [text[:at], text + "1", text[::-1], text.lower(), text.upper(), text * 3]))
    step = pick(rng, [-1e9, -1.0, 1.0, 0.5, 2.0, 7.0, 1e3, 1e6])
    moved = value * step if rng.integers(2) else value + step
    whole = float(moved).is_integer() and abs(moved) < 1e18 and "." not in now
    form = pick(rng, ["int", "float", "text"], p=[0.7, 0.2, 0.1])
    number = str(int(moved)) if whole and form != "float" else f"{moved:.10G}"
    return spelled(number) if form == "text" else number

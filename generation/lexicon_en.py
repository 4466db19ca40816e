"""English words that the gate has to know: what carries meaning without being a fact.

Everything not named here is content and has to stand in the evidence.
"""

from __future__ import annotations

from generation.wordlists import words

PHRASES: tuple[tuple[str, str], ...] = (
    # (regular expression, replacement); ‹x› is a mark that the tokenizer keeps whole.
    (r"[’‘`]", "'"),
    (r"\bcan't\b|\bcannot\b|\b(?:is|are|be) unable to\b", "can ‹not›"),
    (r"\bwon't\b", "will ‹not›"),
    (r"(\w)n't\b", r"\1 ‹not›"),
    (r"'(?:re|ll|ve|m|d)\b", ""),
    (r"\b(?:do|does|did) (?:not|‹not›) (?:have|need) to\b|\bno need to\b|\bneed not\b"
     r"|\b(?:is|are) not (?:required|obliged) to\b|\bnot necessary\b", "‹noneed›"),
    (r"\b(?:at no (?:extra |additional )?(?:cost|charge)|free of (?:any )?charge|for free"
     r"|without (?:any )?(?:extra |additional )?(?:charge|cost)s?|no charge)\b", "free"),
    (r"\b(?:no more than|not more than|no longer than|no later than|not later than|at most"
     r"|up to|(?:a |the )?maximum(?: of)?|max\.?|within)(?!\w)", "‹b:max›"),
    (r"\b(?:at least|no less than|no fewer than|not less than|(?:a |the )?minimum of"
     r"|starting (?:at|from))\b", "‹b:min›"),
    (r"\b(?:more than|greater than|longer than)\b", "‹b:gt›"),
    (r"\b(?:less than|fewer than|shorter than)\b", "‹b:lt›"),
    (r"\b(?:about|around|approximately|roughly|nearly|almost|approx\.?)(?= [\d€$£¥])",
     "‹b:approx›"),
    (r"\b(?:per|each|every|a|an|in a)[ -](day|week|month|year|minute|hour)\b(?! pass)",
     r"‹per:\1›"),
    (r"(?<=\d)\s?/\s?(?:mo|month)\b", " ‹per:month›"),
    (r"(?<=\d)\s?/\s?(day|week|year|minute|hour)\b", r" ‹per:\1›"),
    (r"\bmonthly\b", "‹per:month›"), (r"\b(?:yearly|annual|annually)\b", "‹per:year›"),
    (r"\bdaily\b", "‹per:day›"), (r"\bweekly\b", "‹per:week›"),
    (r"\bonce(?= ‹per:)", "onetimes"), (r"\btwice\b", "twotimes"),
    (r"\bone[ -](?:time|off)\b", "onetime"),
    (r"\b(?:have|has|had|need|needs|required|are required|is required) to\b|\bmust\b", "‹must›"),
    (r"\b(?:as soon as|whenever|in case|provided that|provided|as long as|assuming)\b", "‹if›"),
    (r"\b(?:apart from|other than|excluding|with the exception of|except for|except)\b",
     "‹except›"),
    (r"\bset[ -]up\b", "setup"), (r"\be-mail", "email"), (r"\b(?:sign|log)[ -]in\b", "login"),
    (r"\b(?:switch|turn) (it |them )?on\b", r"turnon \1"),
    (r"\b(?:switch|turn) (it |them )?off\b", r"turnoff \1"),
    (r"\b(?:switched|turned) on\b", "turnon"), (r"\b(?:switched|turned) off\b", "turnoff"),
    (r"\b(?:is|are|stays?|remains?) on(?=[.,;!]| until| by default|$)", "stateon"),
    (r"\b(?:at the same time|at once|simultaneously)\b", "simultaneous"),
    (r"\b(?:as well as)\b", "and"), (r"\b(?:as well)\b", "also"),
    (r"\bget (?:in touch with|hold of)\b", "contact"),
    (r"\bthe end of (\w+) ((?:\w+ )?\w+)\b", r"\1 \2 ends"),
    (r"\b(?:right away|straight away)\b", "immediately"),
    (r"\bwi[ -]?fi\b", "wifi"), (r"\bwlan\b", "wifi"),
    (r"\bno longer\b", "‹not› anymore"),
)  # fmt: skip

MARKS = {
    "not": "not", "no": "not", "never": "not", "none": "not", "neither": "not", "nor": "not",
    "if": "if", "when": "if", "once": "if", "unless": "unless", "otherwise": "otherwise",
    "only": "only", "without": "without", "before": "before", "after": "after",
    "until": "until", "till": "until", "always": "always", "all": "all", "every": "all",
    "each": "all", "any": "any", "both": "both", "instead": "instead", "than": "than",
    "some": "some", "must": "must", "may": "may", "might": "may", "perhaps": "may",
    "possibly": "may", "can": "can", "could": "can", "should": "should", "except": "except",
    "sometimes": "may", "usually": "usually", "typically": "usually",
}  # fmt: skip

LIGHT = words(
    """
    a an the this that these those it its they them their he she his her there here which
    who whose what how where why so as of to for in on at by with from into onto through via
    and or but while whereas because since also too then just please simply is are was were
    be been being am do does did doing will would shall have has had having get gets getting
    got include includes included including contain contains come comes give gives provide
    provides provided offer offers feature featuring thank thanks sure okay ok hello hi
    certainly of-course course yes happy glad let know thing own such very about cost costs
    price prices priced amount total s now still even back again per extra-light one ones
    """
)
"""Words that assert nothing by themselves."""

YOU = frozenset({"you", "your", "yours", "yourself", "customer", "customers", "i", "my", "me"})
WE = frozenset({"we", "our", "ours", "us", "tidewire"})
SUBJECTS = frozenset({"you", "we", "i"})

BREAKS = frozenset({"but", "while", "whereas", "although", "though", "because", "and"})

IMPERATIVES = words(
    """
    open enter send restart unplug plug print put choose press call contact upload tell
    request pack run go select type check click login visit download install turnon turnoff
    keep use wait make remove connect ask bring buy cancel change complete confirm copy
    disconnect dial fill find follow hold insert look move note order pay pick place read
    register replace report reset return save scan set show sign start stop swap switch tap
    test try turn update verify write add allow allowed activate apply book read arrange
    leave give take
    """
)

SYNONYMS: tuple[str, ...] = (
    "return send", "begin start", "end expire finish", "choose select pick", "click press tap hit",
    "enter type input", "open visit go navigate", "show display", "change modify edit update",
    "remove delete", "help assist support-v", "call ring dial", "contact reach", "quick fast rapid",
    "mobile cell cellular", "phone handset smartphone", "internet broadband", "bill invoice",
    "technician engineer", "allow permit", "keep retain", "need require", "fix repair",
    "link connect", "purchase buy", "arrive reach-us", "extra additional", "setup install",
    "immediate instant", "print printed", "house home", "address location", "wish want",
    "device equipment", "obtain receive", "restart reboot", "cancel terminate", "transfer port",
    "shop store", "leave quit", "movie film", "money-back refund", "charge bill-v",
)  # fmt: skip

COURTESY = (
    r"^(?:yes|no|sure|certainly|of course|okay|ok|hello|hi|thanks|thank you|please note(?: that)?"
    r"|note that|in short|in that case|good news|great)[,:!.]\s*"
)
"""Openers that are judged apart ("yes", "no") or dropped."""

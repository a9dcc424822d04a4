"""What two users' clients receive in one conversation, in a form that is the same for every server that keeps to the RFCs.

usage: same.py HOST PORT PASSWORD

The driver (tests/outside.rs) runs it against Spillway and against Prosody and compares what it prints: a heading for each step,
then each stanza that came, by client. Texts and what is optional is dropped: see ALLOWED and what follows it, where each difference that the RFCs and XEPs leave to a server is named with its reason.
"""

import asyncio
import logging
import os
import sys

import slixmpp
from slixmpp.xmlstream import ET

HOST, PORT, PASSWORD = sys.argv[1], int(sys.argv[2]), sys.argv[3]
WAIT_S = 10
# After a step nothing more comes if nothing has for so long.
QUIET_S = 0.4
# How the ids of what we ask begin.
OURS = "same-script-"

# Elements that a server may put into a stanza, or not.
ALLOWED = {
    "{urn:ietf:params:xml:ns:xmpp-stanzas}text": "human-readable, optional (RFC 6120 8.3.2)",
    "{urn:xmpp:delay}delay": "when a presence was first sent, optional (XEP-0203 4)",
    "{jabber:x:delay}x": "the same, obsolete (XEP-0091)",
    "{urn:xmpp:sid:0}stanza-id": "an archive's or a server's own id, optional (XEP-0359)",
}
# Attributes that a server may set, or not.
ALLOWED_ATTRIBUTES = {
    ("{jabber:iq:roster}query", "ver"): "roster versioning is a feature (RFC 6121 2.6)",
    ("{urn:ietf:params:xml:ns:xmpp-stanzas}error", "by"): "who has found the error, optional (RFC 6120 8.3.2)",
    ("{jabber:client}error", "by"): "who has found the error, optional (RFC 6120 8.3.2)",
}
# Stanzas that one server may send in a step and another one not: a part of the line, and why.
ALLOWED_STANZAS = {
    "b asks to see a": ("type='unavailable'", "Prosody tells that the request has come; RFC 6121 3.1.3 asks for nothing"),
    "a asks to see b": ("type='unavailable'", "the same"),
    "b allows it": ("b hears <{jabber:client}presence", "Prosody sends again what b sees already; RFC 6121 3.1.6 asks for nothing"),
    "b leaves": ("b hears", "Prosody tells it to who leaves, too; by RFC 6121 4.5.2 it is for resources that are available"),
    "a leaves": ("a hears", "the same"),
    "a message of kind normal to a resource that is gone": (
        "message", "RFC 6121 8.5.3.2.1 has it refused or ignored; Prosody gives it to another resource"),
    "an absent card of one's own": ("", "XEP-0054 3.1 allows an error, as Prosody has it, or an empty card, as we do"),
}
# Steps whose errors may be of another type: RFC 6120 8.3.3 says only SHOULD.
ALLOWED_TYPES = {"it is removed again": "item-not-found should be a `cancel` (8.3.3.7), as ours is; Prosody's is a `modify`"}


class Client(slixmpp.ClientXMPP):
    """Hears everything and answers nothing by itself, but roster pushes, which must be (RFC 6121 2.1.6)."""

    def __init__(self, name, resource):
        super().__init__(f"{name}@localhost/{resource}", PASSWORD)
        self.heard, self.last, self.ready = [], 0.0, asyncio.Event()
        self.auto_authorize, self.auto_subscribe = None, False
        self.add_event_handler("session_start", lambda _: self.ready.set())
        self.add_event_handler("failed_auth", lambda _: os._exit(1))
        self.enable_direct_tls = self.enable_starttls = False
        self.enable_plaintext = True
        self.plugin["feature_mechanisms"].unencrypted_scram = True
        self.add_filter("in", self.hear)

    def hear(self, stanza):
        if isinstance(stanza, (slixmpp.Iq, slixmpp.Message, slixmpp.Presence)):
            self.last = asyncio.get_running_loop().time()
            if self.ready.is_set():
                self.heard.append(ET.fromstring(ET.tostring(stanza.xml)))
        return stanza

    async def begin(self):
        self.connect(HOST, PORT)
        await asyncio.wait_for(self.ready.wait(), WAIT_S)

    def say(self, text):
        self.send_raw(text)


class Normal:
    """Stanzas in the one form in which they are compared."""

    def __init__(self, own):
        self.own = own

    def text(self, element, is_error_type_free=False):
        parts, children = [], []
        for name, value in sorted(element.attrib.items()):
            if (element.tag, name) in ALLOWED_ATTRIBUTES or self.is_implied(element, name, value):
                continue
            if is_error_type_free and element.tag == "{jabber:client}error" and name == "type":
                continue
            parts.append(f" {name}='{self.value(element, name, value)}'")
        children = sorted(self.text(child, is_error_type_free) for child in element if child.tag not in ALLOWED)
        words = (element.text or "").strip()
        return f"<{element.tag}{''.join(parts)}>{words}{''.join(children)}</>"

    def value(self, element, name, value):
        # A push has an id of the server's, which may be any text, such as one that begins with an x.
        if name == "id" and not value.startswith(OURS):
            return "its-own"
        return value

    def is_implied(self, element, name, value):
        """An answer to oneself is from and to oneself if it does not say otherwise (RFC 6120 8.1.1.1, 8.1.2.1)."""
        of_own = [self.own, self.own.split("/")[0]]
        if element.tag == "{jabber:client}iq":
            return name in ("from", "to") and value in of_own
        own_presence = element.tag == "{jabber:client}presence" and element.get("from") == self.own
        return own_presence and name == "to" and value in of_own


async def quiet(*clients):
    """Waits until nothing more comes."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() - max(begun, *(client.last for client in clients)) < QUIET_S:
        await asyncio.sleep(0.05)


VCARD = "<vCard xmlns='vcard-temp'><FN>{}</FN><NICKNAME>n</NICKNAME></vCard>"
ROSTER = "<query xmlns='jabber:iq:roster'>{}</query>"
INFO = "<query xmlns='http://jabber.org/protocol/disco#info'{}/>"
ALICE, BOB, NOBODY = "alice@localhost", "bob@localhost", "nobody@localhost"


def iq(kind, number, payload, to=None):
    address = f" to='{to}'" if to else ""
    return f"<iq type='{kind}' id='{OURS}{number}'{address}>{payload}</iq>"


def presence(kind=None, to=None, more=""):
    attributes = "".join(f" {name}='{value}'" for name, value in (("type", kind), ("to", to)) if value)
    return f"<presence{attributes}>{more}</presence>"


def message(to, kind="chat", body="hello"):
    return f"<message id='{OURS}m' type='{kind}' to='{to}'><body>{body}</body></message>"


# Who says what; every step's answers are taken before the next one.
STEPS = [
    ("a ping of the server", "a", iq("get", 1, "<ping xmlns='urn:xmpp:ping'/>", "localhost")),
    ("a ping of one's own account", "a", iq("get", 2, "<ping xmlns='urn:xmpp:ping'/>", ALICE)),
    ("an unknown request", "a", iq("get", 3, "<query xmlns='urn:x-unknown'/>")),
    ("an unknown request of the server", "a", iq("set", 4, "<query xmlns='urn:x-unknown'/>", "localhost")),
    ("an unknown request of another account", "a", iq("get", 5, "<query xmlns='urn:x-unknown'/>", BOB)),
    ("the features of a node that is not there", "a", iq("get", 6, INFO.format(" node='urn:x-unknown'"), "localhost")),
    ("a request of nobody", "a", iq("get", 7, "<query xmlns='urn:x-unknown'/>", NOBODY)),
    ("a request of a resource that is not there", "a", iq("get", 8, "<ping xmlns='urn:xmpp:ping'/>", BOB + "/gone")),
    ("a request without a payload", "a", iq("get", 9, "")),
    ("an absent card of one's own", "a", iq("get", 10, "<vCard xmlns='vcard-temp'/>")),
    ("a card is set", "a", iq("set", 11, VCARD.format("Alice"))),
    ("one's own card", "a", iq("get", 12, "<vCard xmlns='vcard-temp'/>")),
    ("somebody else's card is set", "a", iq("set", 13, VCARD.format("Eve"), BOB)),
    ("an absent card", "a", iq("get", 14, "<vCard xmlns='vcard-temp'/>", BOB)),
    ("the card of nobody", "a", iq("get", 15, "<vCard xmlns='vcard-temp'/>", NOBODY)),
    ("an empty roster", "a", iq("get", 20, ROSTER.format(""))),
    ("the other one's", "b", iq("get", 21, ROSTER.format(""))),
    ("a contact is listed", "a", iq("set", 22, ROSTER.format(f"<item jid='{NOBODY}' name='N'><group>g</group></item>"))),
    ("a contact is named anew", "a", iq("set", 23, ROSTER.format(f"<item jid='{NOBODY}' name='M'/>"))),
    ("the roster", "a", iq("get", 24, ROSTER.format(""))),
    ("a contact is removed", "a", iq("set", 25, ROSTER.format(f"<item jid='{NOBODY}' subscription='remove'/>"))),
    ("it is removed again", "a", iq("set", 26, ROSTER.format(f"<item jid='{NOBODY}' subscription='remove'/>"))),
    ("two contacts at once", "a", iq("set", 27, ROSTER.format("<item jid='c@localhost'/><item jid='d@localhost'/>"))),
    ("somebody else's roster", "a", iq("get", 28, ROSTER.format(""), BOB)),
    ("a is there", "a", presence()),
    ("b is there", "b", presence(more="<status>here</status>")),
    ("b asks to see a", "b", presence("subscribe", ALICE)),
    ("a allows it", "a", presence("subscribed", BOB)),
    ("a changes what it says", "a", presence(more="<show>away</show>")),
    ("a asks to see b", "a", presence("subscribe", BOB)),
    ("b allows it", "b", presence("subscribed", ALICE)),
    ("both on the roster", "a", iq("get", 30, ROSTER.format(""))),
    ("the card of a contact", "b", iq("get", 31, "<vCard xmlns='vcard-temp'/>", ALICE)),
    ("a message to an account", "a", message(BOB)),
    ("a message to a resource", "a", message(BOB + "/desk")),
    ("a message to a resource that is gone", "a", message(BOB + "/gone")),
    ("a message of kind normal to a resource that is gone", "a", message(BOB + "/gone", "normal")),
    ("a headline to an account", "a", message(BOB, "headline")),
    ("a message for a group", "a", message(BOB, "groupchat")),
    ("a message to nobody", "a", message(NOBODY)),
    ("an error that nobody has asked for", "a", message(BOB + "/gone", "error")),
    # slixmpp answers by itself.
    ("a request to a resource", "a", iq("get", 32, "<query xmlns='urn:x-unknown'/>", BOB + "/desk")),
    ("presence sent to one only", "b", presence(None, ALICE + "/desk", "<show>dnd</show>")),
    ("b leaves", "b", presence("unavailable")),
    ("a message to who has left, a headline", "a", message(BOB, "headline")),
    ("b is back", "b", presence()),
    ("a ends what b sees", "a", presence("unsubscribed", BOB)),
    ("b ends what a sees of b", "b", presence("unsubscribed", ALICE)),
    ("a removes b", "a", iq("set", 33, ROSTER.format(f"<item jid='{BOB}' subscription='remove'/>"))),
    ("a leaves", "a", presence("unavailable")),
]


async def main():
    clients = {"a": Client("alice", "desk"), "b": Client("bob", "desk")}
    await clients["a"].begin()
    await clients["b"].begin()
    both = clients.values()
    await quiet(*both)
    for title, who, text in STEPS:
        for client in both:
            client.heard.clear()
        print(f"{title}\n  {who} says {text}")
        clients[who].say(text)
        await quiet(*both)
        for name, client in clients.items():
            normal = Normal(client.boundjid.full)
            lines = [f"  {name} hears {normal.text(one, title in ALLOWED_TYPES)}" for one in client.heard]
            allowed = ALLOWED_STANZAS.get(title)
            # In which order a change and its push come is the server's choice.
            for line in sorted(line for line in lines if not (allowed and allowed[0] in line)):
                print(line)
    sys.stdout.flush()
    os._exit(0)


logging.basicConfig(level=logging.ERROR)
asyncio.new_event_loop().run_until_complete(main())

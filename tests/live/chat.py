"""Two unmodified slixmpp clients against a server: log in, publish, query, chat, see and find each other.

usage: chat.py HOST PORT[,PORT] PASSWORD [--plaintext] [--direct-tls] [--overloaded]
The accounts alice and bob exist, with the same password. With two ports each has its own. --overloaded expects that some of 200 requests at once are refused.
 Prints a line for each thing that works; ends with 1 at the first
that does not.
"""

import asyncio
import logging
import os
import ssl
import sys

import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0055.stanza import Search
from slixmpp.plugins.xep_0059 import Set
from slixmpp.xmlstream import ET, register_stanza_plugin

HOST, PASSWORD = sys.argv[1], sys.argv[3]
PORTS = [int(port) for port in sys.argv[2].split(",")]
PLAINTEXT = "--plaintext" in sys.argv
DIRECT_TLS = "--direct-tls" in sys.argv
OVERLOADED = "--overloaded" in sys.argv
WAIT_S = 10


class Client(slixmpp.ClientXMPP):
    def __init__(self, name):
        super().__init__(f"{name}@localhost/test", PASSWORD)
        for plugin in ("xep_0030", "xep_0054", "xep_0059", "xep_0199"):
            self.register_plugin(plugin)
        self.register_plugin("xep_0055", {"provide_search": False})
        register_stanza_plugin(Search, Set)
        self.ready = asyncio.Event()
        self.failed = None
        self.inbox = asyncio.Queue()
        self.asked = asyncio.Queue()
        self.seen = asyncio.Queue()
        self.auto_authorize = None
        self.auto_subscribe = False
        self.add_event_handler("session_start", lambda _: self.ready.set())
        self.add_event_handler("failed_auth", lambda _: self.fail("log-in"))
        self.add_event_handler("message", self.inbox.put_nowait)
        self.add_event_handler("presence_subscribe", self.asked.put_nowait)
        self.add_event_handler("presence_available", self.seen.put_nowait)
        # The certificate is of the server's own making.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.enable_direct_tls = DIRECT_TLS
        self.enable_starttls = not DIRECT_TLS
        if PLAINTEXT:
            self.enable_starttls = False
            self.enable_plaintext = True
            self.plugin["feature_mechanisms"].unencrypted_scram = True
            self.plugin["feature_mechanisms"].unencrypted_plain = True

    def fail(self, what):
        self.failed = what
        self.ready.set()

    async def begin(self, port):
        self.connect(HOST, port)
        await asyncio.wait_for(self.ready.wait(), WAIT_S)
        assert self.failed is None, self.failed
        self.send_presence()
        await self.get_roster()


async def card_of(client, jid):
    """The name on somebody's card, or the condition of the error."""
    try:
        answer = await client.plugin["xep_0054"].get_vcard(jid, timeout=WAIT_S)
        return answer["vcard_temp"]["FN"]
    except IqError as error:
        return error.condition


async def find(client, field, text, **paging):
    """Who has this text in a field of the card: a list of addresses for each page."""
    query = client.make_iq_set(ito="localhost")
    ET.SubElement(query["search"].xml, f"{{{Search.namespace}}}{field}").text = text
    pages = client.plugin["xep_0059"].iterate(query, "search", iq_options={"timeout": WAIT_S}, **paging)
    item = f"{{{Search.namespace}}}item"
    return [[hit.get("jid") for hit in page["search"].xml.findall(item)] async for page in pages]


def check(what, found, expected):
    if found != expected:
        print(f"FAILED {what}: found {found!r}, expected {expected!r}", flush=True)
        os._exit(1)  # slixmpp's loop does not like to be left
    print(f"ok {what}")


async def main():
    alice, bob = Client("alice"), Client("bob")
    await alice.begin(PORTS[0])
    await bob.begin(PORTS[-1])
    mechanism = alice.plugin["feature_mechanisms"].mech.name
    check("log-in with SCRAM", mechanism.startswith("SCRAM"), True)
    check("TLS", bool(alice.transport.get_extra_info("ssl_object")), not PLAINTEXT)

    card = alice.plugin["xep_0054"].make_vcard()
    card["FN"] = "Alice Example"
    card["NICKNAME"] = "al"
    await alice.plugin["xep_0054"].publish_vcard(card)
    check("publish, and read one's own", await card_of(alice, "alice@localhost"), "Alice Example")
    check("strangers see nothing", await card_of(bob, "alice@localhost"), "item-not-found")
    check("no such user looks the same", await card_of(bob, "nobody@localhost"), "item-not-found")

    bob.send_presence_subscription(pto="alice@localhost", ptype="subscribe")
    asked = await asyncio.wait_for(alice.asked.get(), WAIT_S)
    check("a subscription is asked for", asked["from"].bare, "bob@localhost")
    alice.send_presence_subscription(pto="bob@localhost", ptype="subscribed")
    while (await asyncio.wait_for(bob.seen.get(), WAIT_S))["from"].bare != "alice@localhost":
        pass
    check("contacts see each other", True, True)
    check("contacts see the card", await card_of(bob, "alice@localhost"), "Alice Example")

    bob.send_message(mto="alice@localhost", mbody="hello", mtype="chat")
    message = await asyncio.wait_for(alice.inbox.get(), WAIT_S)
    check("a chat message", (message["from"].bare, message["body"]), ("bob@localhost", "hello"))

    features = await alice.plugin["xep_0030"].get_info(jid="localhost", timeout=WAIT_S)
    check("discovery", {"vcard-temp", Search.namespace} <= features["disco_info"]["features"], True)

    card = bob.plugin["xep_0054"].make_vcard()
    card["FN"] = "Bob Example"
    await bob.plugin["xep_0054"].publish_vcard(card)
    both = ["alice@localhost", "bob@localhost"]
    check("search", await find(bob, "nick", "AL"), [both[:1]])
    check("search in pages", await find(bob, "last", "example", amount=1), [both[:1], both[1:]])
    backwards = await find(bob, "last", "example", amount=1, reverse=True)
    check("search in pages from the last", backwards, [both[1:], both[:1]])
    check("strangers do not find", await find(alice, "first", "bob"), [])
    await alice.plugin["xep_0199"].ping("localhost", timeout=WAIT_S)
    check("ping", True, True)

    many = [bob.plugin["xep_0054"].get_vcard("alice@localhost", timeout=WAIT_S) for _ in range(200)]
    answers = await asyncio.gather(*many, return_exceptions=True)
    refused = [one for one in answers if isinstance(one, IqError)]
    conditions = {(one.condition, one.iq["error"]["type"]) for one in refused}
    check("200 at once are all answered", len(answers), 200)
    check("what is refused is refused as overload", conditions <= {("resource-constraint", "wait")}, True)
    print(f"   {len(refused)} of 200 refused")
    if OVERLOADED:
        check("some are refused", bool(refused), True)
    await asyncio.sleep(0.2)
    check("asked again later", await card_of(bob, "alice@localhost"), "Alice Example")
    for client in (alice, bob):
        await client.disconnect()
    sys.stdout.flush()
    os._exit(0)


logging.basicConfig(level=logging.ERROR)
asyncio.new_event_loop().run_until_complete(main())

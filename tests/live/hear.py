"""bob, an unmodified slixmpp client over TLS, hears one message that another program sends.

usage: hear.py HOST PORT PASSWORD COMMAND...

COMMAND is run when bob is there; what it says and the message are printed. Ends with 1 if either does not come.
"""

import asyncio
import logging
import os
import ssl
import sys

import slixmpp

HOST, PORT, PASSWORD, COMMAND = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
WAIT_S = 15


class Bob(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__("bob@localhost/ear", PASSWORD)
        self.inbox, self.ready = asyncio.Queue(), asyncio.Event()
        self.add_event_handler("session_start", lambda _: self.ready.set())
        self.add_event_handler("message", self.inbox.put_nowait)
        # The certificate is of the server's own making.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.enable_direct_tls = False


async def main():
    bob = Bob()
    bob.connect(HOST, PORT)
    await asyncio.wait_for(bob.ready.wait(), WAIT_S)
    bob.send_presence()
    out = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=out, stdout=out, stderr=asyncio.subprocess.STDOUT)
    said, _ = await asyncio.wait_for(process.communicate(b"hello from outside\n"), WAIT_S)
    print(said.decode(errors="replace"))
    message = await asyncio.wait_for(bob.inbox.get(), WAIT_S)
    print(f"{message['from'].bare} says: {message['body']}", flush=True)
    os._exit(process.returncode)


async def try_main():
    try:
        await main()
    except Exception as error:  # slixmpp's loop would go on
        print(f"FAILED {error!r}", flush=True)
        os._exit(1)


logging.basicConfig(level=logging.ERROR)
asyncio.new_event_loop().run_until_complete(try_main())

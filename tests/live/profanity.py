"""alice in profanity, an unmodified client for terminals: a pseudo-terminal types for her.

usage: profanity.py PORT PASSWORD RECIPIENT

Logs in to 127.0.0.1, says a sentence, leaves, and prints with what it has logged in. Ends with 1 if it has not.
"""

import os
import pathlib
import pty
import select
import sys
import tempfile
import time

PORT, PASSWORD, RECIPIENT = sys.argv[1:4]
WAIT_S = 10
# Until a line that was typed has been carried out.
TYPED_S = 0.5

ACCOUNT = f"""[alice@localhost]
enabled=true
jid=alice@localhost
server=127.0.0.1
port={PORT}
tls.policy=trust
password={PASSWORD}
resource=profanity
"""


def begin(home, log):
    """Starts it in a home of its own; gives its process and the terminal."""
    folder = home / ".local/share/profanity"
    folder.mkdir(parents=True)
    (folder / "accounts").write_text(ACCOUNT)
    process, terminal = pty.fork()
    if process == 0:
        home = str(home)
        os.environ.update(HOME=home, XDG_CONFIG_HOME=f"{home}/.config", XDG_DATA_HOME=f"{home}/.local/share")
        os.environ.update(TERM="xterm", LANG="C.UTF-8")
        os.execvp("profanity", ["profanity", "-l", "DEBUG", "-f", str(log), "-a", "alice@localhost"])
    return process, terminal


def pump(terminal, span_s, is_done=lambda: False):
    """Takes what it draws, or it would wait for that."""
    until = time.monotonic() + span_s
    while time.monotonic() < until and not is_done():
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:
                return  # it has ended


def main():
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        process, terminal = begin(pathlib.Path(folder), log)
        lines = lambda: log.read_text(errors="replace").splitlines() if log.exists() else []
        mechanism = lambda: [line for line in lines() if "auth successful" in line]
        pump(terminal, WAIT_S, mechanism)
        pump(terminal, TYPED_S)
        os.write(terminal, f"/msg {RECIPIENT} hello from outside\r".encode())
        pump(terminal, TYPED_S)
        os.write(terminal, b"/quit\r")
        has_ended = lambda: os.waitpid(process, os.WNOHANG)[0] != 0
        pump(terminal, WAIT_S, has_ended)
        print("\n".join(mechanism()))
        sys.exit(0 if mechanism() else 1)


main()

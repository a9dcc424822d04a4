#!/usr/bin/env bash
# Gets and sets of vCards by Spillway, Prosody and ejabberd, one after the other on the same core, in rounds that alternate;
# the load program has the other core. First in plaintext, then through STARTTLS. Installs both peers from Debian's packages if they are not there (as root).
#
# usage: tests/live/peers.sh [ROUNDS] [SECONDS] [PART...]   parts: plain tls
set -euo pipefail
cd "$(dirname "$0")/../.."
ROUNDS=${1:-3} SPAN=${2:-5} USERS=50 PARTS=${*:3}
PARTS=${PARTS:-plain tls}
if ! dpkg -s prosody ejabberd lua-sec openssl >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update && apt-get -qq install -y --no-install-recommends prosody ejabberd lua-sec openssl >/dev/null
  systemctl stop prosody ejabberd 2>/dev/null || true
fi
cargo build --release --features live --bins --example load
WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; pkill -f "$WORK" || true; rm -rf "$WORK"' EXIT
chmod 755 "$WORK"

# For the peers; Spillway makes one of the same kind itself.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$WORK/key.pem" -out "$WORK/certificate.pem" 2>/dev/null
cat "$WORK/key.pem" "$WORK/certificate.pem" >"$WORK/both.pem"

# Spillway: two, since without TLS there is no STARTTLS.
spillway() { # folder port options...
  for i in $(seq 0 $((USERS - 1))); do echo pw | target/release/spillway user add "u$i" --password-stdin --data "$WORK/$1" >/dev/null; done
  taskset -c 0 target/release/spillway serve --data "$WORK/$1" --listen "127.0.0.1:$2" "${@:3}" >/dev/null 2>&1 &
}
spillway plain 15440 --insecure-plaintext
spillway tls 15441

# Prosody: passwords as they are, no limits.
mkdir -p "$WORK/prosody/localhost/accounts"
for i in $(seq 0 $((USERS - 1))); do echo 'return { ["password"] = "pw"; };' >"$WORK/prosody/localhost/accounts/u$i.dat"; done
cat >"$WORK/prosody.cfg.lua" <<END
run_as_root = true
daemonize = false
pidfile = "$WORK/prosody.pid"
data_path = "$WORK/prosody"
modules_enabled = { "roster", "saslauth", "tls", "disco", "vcard", "ping" }
modules_disabled = { "s2s", "offline" }
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
authentication = "internal_plain"
interfaces = { "127.0.0.1" }
c2s_ports = { 15442 }
ssl = { certificate = "$WORK/certificate.pem", key = "$WORK/key.pem" }
VirtualHost "localhost"
END
taskset -c 0 prosody --config "$WORK/prosody.cfg.lua" >/dev/null 2>&1 &

# ejabberd: one scheduler for one core, its cache on (the default), no shaper.
mkdir -p "$WORK/ejabberd"
cat >"$WORK/ejabberd.yml" <<END
hosts: [localhost]
certfiles: ["$WORK/both.pem"]
loglevel: warning
listen:
  - {port: 15443, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, max_stanza_size: 262144, access: c2s}
auth_method: internal
auth_password_format: plain
access_rules: {c2s: {allow: all}}
modules: {mod_roster: {}, mod_disco: {}, mod_vcard: {}, mod_ping: {}}
END
printf 'SMP=disable\nERL_OPTIONS="+S 1:1"\nERLANG_NODE=peer@localhost\n' >"$WORK/ctl.cfg"
chown -R ejabberd "$WORK/ejabberd" "$WORK/ejabberd.yml" "$WORK/ctl.cfg" "$WORK/both.pem"
control() { ejabberdctl --config "$WORK/ejabberd.yml" --ctl-config "$WORK/ctl.cfg" --spool "$WORK/ejabberd" --logs "$WORK/ejabberd" "$@"; }
taskset -c 0 ejabberdctl --config "$WORK/ejabberd.yml" --ctl-config "$WORK/ctl.cfg" --spool "$WORK/ejabberd" \
  --logs "$WORK/ejabberd" foreground >/dev/null 2>&1 &
for _ in $(seq 30); do control status >/dev/null 2>&1 && break; sleep 1; done
for i in $(seq 0 $((USERS - 1))); do control register "u$i" localhost pw >/dev/null; done

pid() { ss -ltnpH "sport = :$1" | sed 's/.*pid=\([0-9]*\).*/\1/'; }
load() { # name port what...
  printf '%-9s %-28s ' "$1" "${*:3}"
  taskset -c 1 target/release/examples/load --server "127.0.0.1:$2" --password pw --users $USERS --seconds "$SPAN" \
    --pid "$(pid "$2")" "${@:3}" | tr '\n' ' '
  echo
}
rounds() { # Spillway's port, options...
  for _ in $(seq "$ROUNDS"); do
    for what in "--pipelined 16" "--pipelined 1" "--pipelined 16 --wordy" "--pipelined 1 --sets"; do
      for peer in "spillway $1" "prosody 15442" "ejabberd 15443"; do
        # shellcheck disable=SC2086
        load $peer $what "${@:2}"
      done
    done
  done
  for port in "$1" 15442 15443; do echo "memory on $port: $(grep VmRSS "/proc/$(pid "$port")/status")"; done
}
for part in $PARTS; do
  case $part in
    plain) rounds 15440 ;;
    tls) rounds 15441 --tls ;;
    *) echo "no part: $part" >&2 && exit 2 ;;
  esac
done

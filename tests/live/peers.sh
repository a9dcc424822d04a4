#!/usr/bin/env bash
# Gets and sets of vCards by Spillway, Prosody and ejabberd, one after the other on the same core, in rounds that alternate;
# the load program has the other core. Installs both peers from Debian's packages if they are not there (as root).
#
# usage: tests/live/peers.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
ROUNDS=${1:-3} SPAN=${2:-5} USERS=50
if ! command -v prosody >/dev/null || ! command -v ejabberdctl >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update && apt-get -qq install -y --no-install-recommends prosody ejabberd >/dev/null
  systemctl stop prosody ejabberd 2>/dev/null || true
fi
cargo build --release --features live --bins --example load
WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; pkill -f "$WORK" || true; rm -rf "$WORK"' EXIT
chmod 755 "$WORK"

# Spillway.
for i in $(seq 0 $((USERS - 1))); do echo pw | target/release/spillway user add "u$i" --password-stdin --data "$WORK/spillway" >/dev/null; done
taskset -c 0 target/release/spillway serve --insecure-plaintext --threshold 4096 --data "$WORK/spillway" \
  --listen 127.0.0.1:15300 >/dev/null 2>&1 &

# Prosody: passwords as they are, no limits.
mkdir -p "$WORK/prosody/localhost/accounts"
for i in $(seq 0 $((USERS - 1))); do echo 'return { ["password"] = "pw"; };' >"$WORK/prosody/localhost/accounts/u$i.dat"; done
cat >"$WORK/prosody.cfg.lua" <<END
run_as_root = true
daemonize = false
pidfile = "$WORK/prosody.pid"
data_path = "$WORK/prosody"
modules_enabled = { "roster", "saslauth", "disco", "vcard", "ping" }
modules_disabled = { "s2s", "offline" }
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
authentication = "internal_plain"
interfaces = { "127.0.0.1" }
c2s_ports = { 15301 }
VirtualHost "localhost"
END
taskset -c 0 prosody --config "$WORK/prosody.cfg.lua" >/dev/null 2>&1 &

# ejabberd: one scheduler for one core, its cache on (the default), no shaper.
mkdir -p "$WORK/ejabberd"
cat >"$WORK/ejabberd.yml" <<END
hosts: [localhost]
loglevel: warning
listen:
  - {port: 15302, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144, access: c2s}
auth_method: internal
auth_password_format: plain
access_rules: {c2s: {allow: all}}
modules: {mod_roster: {}, mod_disco: {}, mod_vcard: {}, mod_ping: {}}
END
printf 'SMP=disable\nERL_OPTIONS="+S 1:1"\nERLANG_NODE=peer@localhost\n' >"$WORK/ctl.cfg"
chown -R ejabberd "$WORK/ejabberd" "$WORK/ejabberd.yml" "$WORK/ctl.cfg"
control() { ejabberdctl --config "$WORK/ejabberd.yml" --ctl-config "$WORK/ctl.cfg" --spool "$WORK/ejabberd" --logs "$WORK/ejabberd" "$@"; }
taskset -c 0 ejabberdctl --config "$WORK/ejabberd.yml" --ctl-config "$WORK/ctl.cfg" --spool "$WORK/ejabberd" \
  --logs "$WORK/ejabberd" foreground >/dev/null 2>&1 &
for _ in $(seq 30); do control status >/dev/null 2>&1 && break; sleep 1; done
for i in $(seq 0 $((USERS - 1))); do control register "u$i" localhost pw >/dev/null; done

pid() { ss -ltnpH "sport = :$1" | sed 's/.*pid=\([0-9]*\).*/\1/'; }
load() { # name port what...
  printf '%-9s %-22s ' "$1" "${*:3}"
  taskset -c 1 target/release/examples/load --server "127.0.0.1:$2" --password pw --users $USERS --seconds "$SPAN" \
    --pid "$(pid "$2")" "${@:3}" | tr '\n' ' '
  echo
}
for _ in $(seq "$ROUNDS"); do
  for what in "--pipelined 16" "--pipelined 1" "--pipelined 1 --sets"; do
    for peer in "spillway 15300" "prosody 15301" "ejabberd 15302"; do
      # shellcheck disable=SC2086
      load $peer $what
    done
  done
done
for port in 15300 15301 15302; do echo "memory on $port: $(grep VmRSS "/proc/$(pid $port)/status")"; done

#!/usr/bin/env bash
# Our own figures, which have no peer: memory with 50 and 1,000 connections, what tracing costs, one process for each server.
# The server on core 0, the load on core 1; six processes share both with the load. Traces need 2 GB of the folder for a while.
set -euo pipefail
cd "$(dirname "$0")/../.."
ROUNDS=${1:-3}
cargo build --release --features live --bins --example load
PROGRAM=$PWD/target/release/spillway LOAD=$PWD/target/release/examples/load WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$WORK"' EXIT
cd "$WORK"
load() { "$LOAD" --password pw --users 50 "$@" | tr '\n' ' '; echo; }
accounts() { for i in $(seq 0 49); do echo pw | "$PROGRAM" user add "u$i" --data "$1" --password-stdin >/dev/null; done; }
one() { # options...
  taskset -c 0 "$PROGRAM" serve --insecure-plaintext --threshold 4096 --data one --listen 127.0.0.1:15310 "$@" >/dev/null 2>&1 &
  SERVER=$!
  sleep 1
}
end() { kill -INT "$SERVER"; wait "$SERVER"; }
accounts one
for connections in 50 1000; do
  one
  taskset -c 1 "$LOAD" --server 127.0.0.1:15310 --password pw --users 50 --connections $connections --pipelined 1 --seconds 10 >/dev/null &
  CLIENTS=$!
  sleep 13
  echo "memory, $connections connections: $(grep VmRSS /proc/$SERVER/status)"
  wait $CLIENTS
  end
done
for _ in $(seq "$ROUNDS"); do
  for trace in without with; do
    rm -rf traces
    if [ $trace = with ]; then one --trace-dir traces; else one; fi
    echo "$trace trace: $(taskset -c 1 "$LOAD" --server 127.0.0.1:15310 --password pw --users 50 --pipelined 16 --seconds 2 --pid $SERVER | tr '\n' ' ')"
    end
  done
done
rm -rf traces
"$PROGRAM" keys --example | sed 's/insecure-plaintext = false/insecure-plaintext = true/; s/:5222/:15311/; s/^query-threshold.*/query-threshold = 4096/' >spillway.toml
accounts spillway-data/G
for role in global control 'query --index 0' 'query --index 1' 'query --index 2' communication; do
  "$PROGRAM" serve --role $role --config spillway.toml >/dev/null 2>&1 &
done
sleep 2
for what in '--pipelined 16' '--pipelined 1' '--pipelined 1 --sets'; do
  echo "six processes, $what: $(load --server 127.0.0.1:15311 --seconds 5 $what)"
done

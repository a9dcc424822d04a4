#!/usr/bin/env bash
# Our own figures, which have no peer: memory with 50 and 1,000 connections, what tracing costs, twice the load there is time for,
# one process for each server, and a query server that most is asked of.
# The server on core 0, the load on core 1; six processes share both with the load. Traces need 2 GB of the folder for a while.
#
# usage: tests/live/own.sh [ROUNDS] [SECONDS of the open loop] [PART...]   parts: memory trace open six hot
set -euo pipefail
cd "$(dirname "$0")/../.."
ROUNDS=${1:-3} OPEN_SECONDS=${2:-60} PARTS=${*:3}
PARTS=${PARTS:-memory trace open six hot}
cargo build --release --features live --bins --example load
PROGRAM=$PWD/target/release/spillway LOAD=$PWD/target/release/examples/load WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$WORK"' EXIT
cd "$WORK"

accounts() { # folder count
  for i in $(seq 0 $(($2 - 1))); do echo pw | "$PROGRAM" user add "u$i" --data "$1" --password-stdin >/dev/null; done
}
one() { # options...
  taskset -c 0 "$PROGRAM" serve --insecure-plaintext --data one --listen 127.0.0.1:15410 "$@" >/dev/null 2>&1 &
  SERVER=$!
  sleep 1
}
end() { kill -INT "$SERVER"; wait "$SERVER"; }
load() { # what...
  taskset -c 1 "$LOAD" --server 127.0.0.1:15410 --password pw --users 50 --pid "$SERVER" "$@"
}

memory() {
  for connections in 50 1000; do
    one
    echo "memory, $connections connections: $(load --connections $connections --pipelined 1 --seconds 10 | tail -1)"
    end
  done
}
trace() {
  for _ in $(seq "$ROUNDS"); do
    for trace in without with; do
      rm -rf traces
      if [ $trace = with ]; then one --trace-dir traces; else one; fi
      echo "$trace trace: $(load --seconds 2 | tr '\n' ' ')"
      end
    done
  done
  rm -rf traces
}
# Twice what it answers in a closed loop, with 5,000 requests a second of people among it.
open() {
  one
  load --seconds 2 >/dev/null
  local capacity
  capacity=$(for _ in $(seq "$ROUNDS"); do load --seconds 3 | sed -n 's/^closed: \([0-9]*\) .*/\1/p'; done | sort -n | sed -n "$(((ROUNDS + 1) / 2))p")
  echo "capacity: $capacity answers/s in a closed loop, 16 under way"
  load --rate $((2 * capacity)) --interactive 10 --interactive-rate 5000 --seconds "$OPEN_SECONDS"
  end
}

# One process for each server. `hot` makes the accounts of a third of the users the home of most.
six() { # settings, as a program of sed
  "$PROGRAM" keys --example | sed "s/insecure-plaintext = false/insecure-plaintext = true/; s/:5222/:15411/; s/:720/:1542/; s/:730/:1543/; $1" \
    >spillway.toml
  PROCESSES=()
  for role in global control 'query --index 0' 'query --index 1' 'query --index 2' communication; do
    # shellcheck disable=SC2086
    "$PROGRAM" serve --role $role --config spillway.toml >/dev/null 2>&1 &
    PROCESSES+=($!)
  done
  sleep 2
}
end_six() { kill -INT "${PROCESSES[@]}"; wait "${PROCESSES[@]}" || true; }
load_six() { "$LOAD" --server 127.0.0.1:15411 --password pw "$@"; }
cpu() { for pid in "${PROCESSES[@]}"; do awk '{ printf "%d ", $14 + $15 }' "/proc/$pid/stat"; done; }
# What each process took, in hundredths of a second: G, K, C0 to C2, B.
loaded() { # name what...
  local before after
  before=$(cpu)
  echo "$1: $(load_six "${@:2}" | tr '\n' ' ')"
  after=$(cpu)
  paste <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after") |
    awk 'NF == 2 { printf "%s %.2f s  ", substr("G K C0C1C2B ", 2 * NR - 1, 2), ($2 - $1) / 100 } END { print "" }'
}
six_processes() {
  [ -e spillway-data/G ] || accounts spillway-data/G 50
  six 's/^query-threshold.*/query-threshold = 4096/'
  for what in '--pipelined 16' '--pipelined 1' '--pipelined 1 --sets'; do
    # shellcheck disable=SC2086
    loaded "six processes, $what" --users 50 --seconds 5 $what
  done
  end_six
}
# C0 is the home of four fifths of what is asked. Gets take a query server so little that it is never the bottleneck; searches of
# 2,000 users, eight terms each, do. They come in an open loop: who asks a server that is idle would ask more often in a closed one.
hot() {
  rm -rf spillway-data
  accounts spillway-data/G 2000
  six ''
  load_six --users 2000 --connections 2000 --pipelined 1 --seconds 1 >/dev/null # sets the cards
  end_six
  for _ in $(seq "$ROUNDS"); do
    for moves in true false; do
      six "s/^hand-over.*/hand-over = $moves/"
      loaded "gets, hand-over $moves" --users 50 --hot 0.8 --seconds 5
      end_six
      six "s/^hand-over.*/hand-over = $moves/; s/^query-threshold.*/query-threshold = 4/; s/^# queue-max.*/queue-max = 64/"
      for rate in ${HOT_RATES:-1000 1500 2000 2500 3000 3500}; do
        loaded "searches at $rate/s, hand-over $moves" --users 2000 --connections 50 --rate "$rate" --searches --sleep --hot 0.8 \
          --seconds 3
      done
      end_six
    done
  done
}

for part in $PARTS; do
  case $part in
    memory) accounts one 50 && memory ;;
    trace | open) [ -e one ] || accounts one 50; $part ;;
    six) six_processes ;;
    hot) hot ;;
    *) echo "no part: $part" >&2 && exit 2 ;;
  esac
done

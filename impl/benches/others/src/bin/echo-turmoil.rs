//! The echo workload of `benches/echo.rs` in turmoil. Arguments: nodes, messages. Prints nanoseconds.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use turmoil::net::UdpSocket;

const PORT: u16 = 7;
const WINDOW: u64 = 64;
const BYTES: usize = 64;

fn main() {
    let numbers: Vec<u64> =
        std::env::args().skip(1).map(|text| text.parse().expect("a number")).collect();
    let [nodes, messages] = numbers[..] else { panic!("expected: nodes messages") };
    let pairs = nodes / 2;
    let rounds = messages / 2 / pairs;
    let latency = Duration::from_millis(1);
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(1_000_000))
        .min_message_latency(latency)
        .max_message_latency(latency)
        .udp_capacity(4096)
        .rng_seed(1)
        .build();
    for pair in 0..pairs {
        sim.host(format!("server-{pair}"), || async {
            let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?;
            let mut bytes = [0; BYTES];
            loop {
                let (length, from) = socket.recv_from(&mut bytes).await?;
                socket.send_to(&bytes[..length], from).await?;
            }
        });
    }
    for pair in 0..pairs {
        sim.client(format!("client-{pair}"), async move {
            let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?;
            let server = (turmoil::lookup(format!("server-{pair}")), PORT);
            let mut bytes = [1; BYTES];
            for _ in 0..WINDOW.min(rounds) {
                socket.send_to(&bytes, server).await?;
            }
            for received in 1..=rounds {
                socket.recv_from(&mut bytes).await?;
                if received + WINDOW <= rounds {
                    socket.send_to(&bytes, server).await?;
                }
            }
            Ok(())
        });
    }
    let begun = Instant::now();
    sim.run().expect("every client gets its replies");
    println!("{}", begun.elapsed().as_nanos());
}

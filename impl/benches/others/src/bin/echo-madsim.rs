//! The echo workload of `benches/echo.rs` in madsim. Arguments: nodes, messages. Prints nanoseconds.

#[cfg(not(madsim))]
fn main() {
    panic!("build with --cfg madsim, as `cargo bench -p spillway-impl --bench echo` does");
}

#[cfg(madsim)]
fn main() {
    simulated::main();
}

#[cfg(madsim)]
mod simulated {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::time::{Duration, Instant};

    use madsim::net::Endpoint;
    use madsim::runtime::Runtime;

    const PORT: u16 = 7;
    const TAG: u64 = 0;
    const WINDOW: u64 = 64;
    const BYTES: usize = 64;

    fn address(kind: u8, pair: u64) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, kind, (pair >> 8) as u8, pair as u8))
    }

    pub fn main() {
        let numbers: Vec<u64> =
            std::env::args().skip(1).map(|text| text.parse().expect("a number")).collect();
        let [nodes, messages] = numbers[..] else { panic!("expected: nodes messages") };
        let pairs = nodes / 2;
        let rounds = messages / 2 / pairs;
        let mut config = madsim::Config::default();
        config.net.send_latency = Duration::from_micros(1_000)..Duration::from_micros(1_005);
        let runtime = Runtime::with_seed_and_config(1, config);
        for pair in 0..pairs {
            let node = runtime.create_node().ip(address(1, pair)).build();
            node.spawn(async move {
                let socket = Endpoint::bind(SocketAddr::new(address(1, pair), PORT)).await.unwrap();
                let mut bytes = [0; BYTES];
                loop {
                    let (length, from) = socket.recv_from(TAG, &mut bytes).await.unwrap();
                    socket.send_to(from, TAG, &bytes[..length]).await.unwrap();
                }
            });
        }
        let mut clients = Vec::new();
        for pair in 0..pairs {
            let node = runtime.create_node().ip(address(2, pair)).build();
            clients.push(node.spawn(async move {
                let socket = Endpoint::bind(SocketAddr::new(address(2, pair), PORT)).await.unwrap();
                // The servers are bound by then.
                madsim::time::sleep(Duration::from_secs(1)).await;
                let server = SocketAddr::new(address(1, pair), PORT);
                let mut bytes = [1; BYTES];
                for _ in 0..WINDOW.min(rounds) {
                    socket.send_to(server, TAG, &bytes).await.unwrap();
                }
                for received in 1..=rounds {
                    socket.recv_from(TAG, &mut bytes).await.unwrap();
                    if received + WINDOW <= rounds {
                        socket.send_to(server, TAG, &bytes).await.unwrap();
                    }
                }
            }));
        }
        let begun = Instant::now();
        runtime.block_on(async move {
            for client in clients {
                client.await.unwrap();
            }
        });
        println!("{}", begun.elapsed().as_nanos());
    }
}

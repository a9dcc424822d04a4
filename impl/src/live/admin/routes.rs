//! What is there to be got at the admin port.

use super::health::Health;
use super::request::{Method, Request};
use super::response::{Code, Type, plain, write};
use super::status;
use crate::live::metrics::{Metrics, Now, exposition};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// All that is told of.
pub(in crate::live) struct Status<'a> {
    pub(in crate::live) metrics: &'a Metrics,
    pub(in crate::live) now: Now,
    pub(in crate::live) health: &'a Health,
}

/// The response to a request.
pub(in crate::live) fn respond(request: &Request, status: &Status<'_>) -> Vec<u8> {
    let is_head = request.method == Method::Head;
    let get: fn(&Status<'_>) -> (Code, Type, String) = match request.path.as_str() {
        "/" => |_| (Code::Ok, Type::Page, page()),
        "/status.json" => |status| (Code::Ok, Type::Json, status::json(status)),
        "/metrics" => |status| (Code::Ok, Type::Metrics, exposition(status.metrics, &status.now)),
        "/healthz" => health,
        _ => return plain(Code::NotFound, is_head),
    };
    if request.method == Method::Other {
        return plain(Code::MethodNotAllowed, false);
    }
    let (code, kind, body) = get(status);
    write(code, kind, &body, is_head)
}

fn health(status: &Status<'_>) -> (Code, Type, String) {
    match status.health.verdict(status.now.now_us) {
        Ok(()) => (Code::Ok, Type::Text, "ok\n".to_owned()),
        Err(why) => (Code::Unavailable, Type::Text, format!("{why}\n")),
    }
}

/// The status page, which needs nothing else but its numbers.
fn page() -> String {
    PAGE.replacen("{{style}}", STYLE, 1).replacen("{{script}}", SCRIPT, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::metrics::Gauge;
    use spillway_traces::{Action, Node, RequestId};

    fn get(method: Method, path: &str, health: &Health) -> String {
        let mut metrics = Metrics::new(2);
        let (server, request) = (Node::query(0), RequestId(7));
        metrics.step(&Action::Offer { server, request }, 100);
        metrics.queued(server, request, 9, 110);
        let gauge = Gauge { server, queued: 1, handed_over: 0, threshold: 4, lag: 3 };
        let now = Now { servers: vec![gauge], connections: 2, sessions: 1, now_us: 150 };
        let status = Status { metrics: &metrics, now, health };
        let request = Request { method, path: path.to_owned() };
        String::from_utf8(respond(&request, &status)).expect("it is text")
    }

    #[test]
    fn each_path_has_its_answer() {
        let well = Health::default();
        let begins = |path: &str, method: Method, line: &str| {
            let response = get(method, path, &well);
            assert!(response.starts_with(line), "{path}: {response}");
            response
        };
        let page = begins("/", Method::Get, "HTTP/1.1 200 OK\r\nContent-Type: text/html;");
        assert!(!page.contains("{{") && page.contains("status.json"));
        let head = begins("/", Method::Head, "HTTP/1.1 200 OK\r\n");
        assert!(head.ends_with("\r\n\r\n"));
        assert_eq!(page.split("\r\n\r\n").next().map(|of| of.len() + 4), Some(head.len()));
        let metrics = begins("/metrics", Method::Get, "HTTP/1.1 200 OK\r\n");
        assert!(
            metrics.contains("version=0.0.4") && metrics.contains("\nspillway_connections 2\n")
        );
        begins("/nothing", Method::Get, "HTTP/1.1 404 ");
        begins("/nothing", Method::Other, "HTTP/1.1 404 ");
        begins("/../metrics", Method::Get, "HTTP/1.1 404 ");
        begins("/metrics", Method::Other, "HTTP/1.1 405 ");
        assert!(begins("/healthz", Method::Get, "HTTP/1.1 200 ").ends_with("\r\n\r\nok\n"));
    }

    #[test]
    fn who_is_ill_says_why() {
        let mut health = Health::default();
        health.stored(&Err("no space left".to_owned()));
        let response = get(Method::Get, "/healthz", &health);
        assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
        assert!(response.ends_with("cannot be stored: no space left\n"), "{response}");
        let status = get(Method::Get, "/status.json", &health);
        assert!(status.contains("\"illness\":\"user information cannot be stored"), "{status}");
    }

    #[test]
    fn the_page_is_told_of_queues_and_hand_overs() {
        let status = get(Method::Get, "/status.json", &Health::default());
        let body = status.split_once("\r\n\r\n").expect("it has a body").1;
        let told: serde_json::Value = serde_json::from_str(body).expect("it is JSON");
        let server = serde_json::json!({
            "name": "C0", "queued": 1, "peak": 9, "threshold": 4, "open": 0, "handed_over": 1, "lag": 3,
        });
        assert_eq!(told["servers"], serde_json::json!([server]));
        let handed = serde_json::json!({
            "number": 0, "request": "r7", "from": "C0", "to": null, "fate": "came back", "ago_us": 50,
        });
        assert_eq!(told["hand_overs"], serde_json::json!([handed]));
        assert_eq!(told["illness"], serde_json::Value::Null);
    }
}

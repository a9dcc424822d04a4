//! What an admin client asks: the head of a request, out of bytes from whoever has connected. A body is not looked at, and
//! each connection is for one request.

use super::response::Code;

/// Bytes of a request line with its headers.
pub(super) const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Headers.
const HEADERS_MAX: usize = 64;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::live) struct Request {
    /// How.
    pub(super) method: Method,
    /// What, without what is behind a `?`.
    pub(super) path: String,
}

/// How something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    /// Like a get, but without the body.
    Head,
    Other,
}

/// What bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// There is more to come.
    Part,
    /// A request.
    Whole(Request),
    /// Nothing that is understood.
    Bad(Code),
}

/// Reads the head of a request.
pub(super) fn read(bytes: &[u8]) -> Heard {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_BYTES_MAX => whole(&request),
        Ok(httparse::Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => Heard::Part,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Heard::Bad(Code::HeadTooLarge),
        Err(_) => Heard::Bad(Code::BadRequest),
    }
}

fn whole(request: &httparse::Request<'_, '_>) -> Heard {
    // RFC 9112 §3.2: since 1.1 there is exactly one.
    let hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
    let is_host_said = hosts.count() == 1 || request.version == Some(0);
    let (Some(method), Some(path), true) =
        (request.method, request.path.and_then(path), is_host_said)
    else {
        return Heard::Bad(Code::BadRequest);
    };
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => Method::Other,
    };
    Heard::Whole(Request { method, path })
}

/// The path of a target, which may be a whole address (RFC 9112 §3.2.2).
fn path(target: &str) -> Option<String> {
    let path = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    let path = path.split('?').next().unwrap_or_default();
    (path.starts_with('/') || target == "*").then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Heard {
        read(text.as_bytes())
    }

    fn asks(method: Method, path: &str) -> Heard {
        Heard::Whole(Request { method, path: path.to_owned() })
    }

    #[test]
    fn a_request_is_read_once_it_is_whole() {
        let request = "GET /metrics?x=1 HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
        for length in 0..request.len() {
            assert_eq!(heard(&request[..length]), Heard::Part, "{length}");
        }
        assert_eq!(heard(request), asks(Method::Get, "/metrics"));
        let body = "HEAD / HTTP/1.1\r\nhost: a\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(heard(body), asks(Method::Head, "/"));
        assert_eq!(heard("DELETE /x HTTP/1.0\r\n\r\n"), asks(Method::Other, "/x"));
        let absolute = "GET http://localhost:80/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assert_eq!(heard(absolute), asks(Method::Get, "/healthz"));
        let absolute = "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n";
        assert_eq!(heard(absolute), asks(Method::Get, "/"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let bad = [
            "\u{16}\u{3}\u{1}\u{2}\r\n\r\n", // TLS begins like this
            "<stream:stream to='localhost'>\r\n\r\n",
            "GET\r\n\r\n",
            "GET / HTTP/2.0\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
            "GET metrics HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        ];
        for text in bad {
            assert_eq!(heard(text), Heard::Bad(Code::BadRequest), "{text:?}");
        }
        assert_eq!(
            read(b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n"),
            Heard::Bad(Code::BadRequest)
        );
    }

    #[test]
    fn a_head_has_its_limits() {
        let too_large = Heard::Bad(Code::HeadTooLarge);
        let line =
            |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length));
        let rest = line(0).len();
        let largest = line(HEAD_BYTES_MAX - rest);
        assert!(matches!(heard(&largest), Heard::Whole(_)));
        assert_eq!(heard(&line(HEAD_BYTES_MAX - rest + 1)), too_large);
        assert_eq!(heard(&"a".repeat(HEAD_BYTES_MAX)), Heard::Part);
        assert_eq!(heard(&"a".repeat(HEAD_BYTES_MAX + 1)), too_large);
        let headers = |count: usize| {
            format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(count - 1))
        };
        assert!(matches!(heard(&headers(HEADERS_MAX)), Heard::Whole(_)));
        assert_eq!(heard(&headers(HEADERS_MAX + 1)), too_large);
    }
}

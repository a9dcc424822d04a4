//! What an admin client is told, as bytes. The connection ends with it.

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::live) enum Code {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    HeadTooLarge,
    Unavailable,
}

impl Code {
    fn line(self) -> &'static str {
        match self {
            Code::Ok => "200 OK",
            Code::BadRequest => "400 Bad Request",
            Code::NotFound => "404 Not Found",
            Code::MethodNotAllowed => "405 Method Not Allowed\r\nAllow: GET, HEAD",
            Code::HeadTooLarge => "431 Request Header Fields Too Large",
            Code::Unavailable => "503 Service Unavailable",
        }
    }

    /// In words, for a body.
    fn words(self) -> &'static str {
        match self {
            Code::Ok => "ok\n",
            Code::BadRequest => "this is no HTTP request that is understood here\n",
            Code::NotFound => "there is nothing here; try /, /metrics, /healthz\n",
            Code::MethodNotAllowed => "GET and HEAD only\n",
            Code::HeadTooLarge => "the request is too large\n",
            Code::Unavailable => "unavailable\n",
        }
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Metrics,
    Page,
    Json,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Text => "text/plain; charset=utf-8",
            Type::Metrics => "text/plain; version=0.0.4; charset=utf-8",
            Type::Page => "text/html; charset=utf-8",
            Type::Json => "application/json",
        }
    }
}

/// A response; without its body if only its head was asked for.
pub(super) fn write(code: Code, kind: Type, body: &str, is_head: bool) -> Vec<u8> {
    let mut response = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        code.line(),
        kind.name(),
        body.len(),
    );
    if !is_head {
        response += body;
    }
    response.into_bytes()
}

/// A response that says no more than how the request ended.
pub(in crate::live) fn plain(code: Code, is_head: bool) -> Vec<u8> {
    write(code, Type::Text, code.words(), is_head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_says_how_long_it_is_and_what_is_allowed() {
        let text = String::from_utf8(plain(Code::MethodNotAllowed, false)).expect("it is text");
        let expected = "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: 18\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nGET and HEAD only\n";
        assert_eq!(text, expected);
        let head = String::from_utf8(plain(Code::MethodNotAllowed, true)).expect("it is text");
        assert_eq!(head, expected.trim_end_matches("GET and HEAD only\n"));
    }
}

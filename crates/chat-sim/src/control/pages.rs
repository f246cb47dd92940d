//! The pages of the console, which are part of the program.

use http::StatusCode;

use super::Failure;
use crate::settings::Bundle;

/// What the pages may do: nothing but with their own files and the service they come from.
///
/// The service's URLs are of 127.0.0.1, whatever name the page was opened by. Where a form leads is
/// not said: the customer who has signed in goes wherever the client wanted.
pub(super) const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
    connect-src 'self' ws://127.0.0.1:* wss://127.0.0.1:* http://127.0.0.1:* https://127.0.0.1:*; \
    base-uri 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file for the browser.
pub(super) struct Page {
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Page {
    fn new(content_type: &'static str, text: &str) -> Self {
        Self {
            content_type,
            bytes: text.as_bytes().to_vec(),
        }
    }

    /// A page of HTML.
    pub(super) fn html(text: &str) -> Self {
        Self::new(HTML, text)
    }
}

/// The page with this name.
pub(super) fn page(name: &str, chatjs: Option<&Bundle>) -> Result<Page, Failure> {
    let page = match name {
        "" => Page::html(include_str!("../console/index.html")),
        "console.css" => Page::new(CSS, include_str!("../console/console.css")),
        "console.js" => Page::new(SCRIPT, include_str!("../console/console.js")),
        "customer" => Page::html(include_str!("../console/customer.html")),
        "customer.js" => Page::new(SCRIPT, include_str!("../console/customer.js")),
        "chatjs.js" => {
            let bundle = chatjs.ok_or_else(|| {
                Failure::not_found(
                    "The simulator was started without ChatJS; give it the file \
                     node_modules/amazon-connect-chatjs/dist/amazon-connect-chat.js with --chatjs.",
                )
            })?;
            Page {
                content_type: SCRIPT,
                bytes: bundle.bytes().to_vec(),
            }
        }
        "openapi.json" => Page::new("application/json", include_str!("openapi.json")),
        other => {
            let text = format!("There is no page {other}.");
            return Err(Failure::new(StatusCode::NOT_FOUND, text));
        }
    };
    Ok(page)
}

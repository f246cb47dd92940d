//! Vectors of the Signature Version 4 test suite that AWS publishes, under the suite's own names.

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z
const TIME: Duration = Duration::from_secs(1_440_938_160);
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHG\
    BuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKs\
    burEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lI\
    ZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

fn request(
    method: &str,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> http::Request<Vec<u8>> {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.as_bytes().to_vec()).unwrap()
}

fn signed_by(credentials: &Credentials, mut request: http::Request<Vec<u8>>) -> String {
    sign(&mut request, credentials, "us-east-1", "service", TIME).unwrap();
    let authorization = &request.headers()[AUTHORIZATION];
    assert!(authorization.is_sensitive());
    let text = authorization.to_str().unwrap();
    let scope = "/20150830/us-east-1/service/aws4_request, ";
    let (credential, rest) = text.split_once(scope).unwrap();
    let id = &credentials.access_key_id;
    assert_eq!(credential, format!("AWS4-HMAC-SHA256 Credential={id}"));
    rest.to_owned()
}

fn signed(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> String {
    let uri = format!("https://example.amazonaws.com{uri}");
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET);
    signed_by(&credentials, request(method, &uri, headers, body))
}

#[test]
fn requests_without_more_than_a_host_are_signed_as_published() {
    for (name, method, uri, signature) in [
        (
            "get-vanilla",
            "GET",
            "/",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-relative-relative-normalized",
            "GET",
            "/example1/example2/../..",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-utf8",
            "GET",
            "/ሴ",
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET",
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "post-vanilla",
            "POST",
            "/",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "get-vanilla-query-order-encoded",
            "GET",
            "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
        (
            "get-vanilla-utf8-query",
            "GET",
            "/?ሴ=bar",
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        ),
        (
            "get-slashes-normalized",
            "GET",
            "//example//",
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ),
        (
            "get-unreserved",
            "GET",
            "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        (
            "post-vanilla-empty-query-value",
            "POST",
            "/?Param1=value1",
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
        ),
    ] {
        let expected = format!("SignedHeaders=host;x-amz-date, Signature={signature}");
        assert_eq!(signed(method, uri, &[], ""), expected, "{name}");
    }
}

#[test]
fn get_space_normalized() {
    // A URI cannot hold the space, so that this vector enters below it.
    let headers = [
        ("host", "example.amazonaws.com"),
        (DATE, "20150830T123600Z"),
    ];
    let parts = Parts {
        method: "GET",
        path: "/example space/",
        query: "",
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        body: b"",
    };
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET);
    let authorization =
        parts.authorization(&credentials, "us-east-1", "service", "20150830T123600Z");
    let signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741";
    assert!(authorization.ends_with(signature), "{authorization}");
}

#[test]
fn get_header_value_trim() {
    let headers = [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")];
    assert_eq!(
        signed("GET", "/", &headers, ""),
        "SignedHeaders=host;my-header1;my-header2;x-amz-date, \
         Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
    );
}

#[test]
fn get_header_key_duplicate() {
    let headers = ["value2", "value2", "value1"].map(|value| ("My-Header1", value));
    assert_eq!(
        signed("GET", "/", &headers, ""),
        "SignedHeaders=host;my-header1;x-amz-date, \
         Signature=c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
    );
}

#[test]
fn post_x_www_form_urlencoded() {
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", "13"),
        (
            "x-amz-content-sha256",
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
        ),
    ];
    assert_eq!(
        signed("POST", "/", &headers, "Param1=value1"),
        "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, \
         Signature=d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"
    );
}

#[test]
fn post_sts_header_before() {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET).with_session_token(TOKEN);
    let mut post = request("POST", "https://example.amazonaws.com/", &[], "");
    assert_eq!(
        signed_by(&credentials, post.clone()),
        "SignedHeaders=host;x-amz-date;x-amz-security-token, \
         Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    );
    sign(&mut post, &credentials, "us-east-1", "service", TIME).unwrap();
    assert_eq!(post.headers()[SESSION_TOKEN], TOKEN);
    assert!(post.headers()[SESSION_TOKEN].is_sensitive());
}

#[test]
fn double_encode_path() {
    let credentials = Credentials::new("ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby");
    let uri = "https://tj9n5r0m12.execute-api.us-east-1.amazonaws.com\
               /test/@connections/JBDvjfGEIAMCERw%3D";
    assert_eq!(
        signed_by(&credentials, request("POST", uri, &[], "")),
        "SignedHeaders=host;x-amz-date, \
         Signature=57d157672191bac40bae387e48bbe14b15303c001fdbb01f4abf295dccb09705"
    );
}

#[test]
fn a_repeated_request_is_signed_as_if_it_were_the_first_time() {
    let temporary = Credentials::new("id", "other secret").with_session_token("token");
    let mut twice = request("GET", "https://example.amazonaws.com/", &[], "");
    sign(&mut twice, &temporary, "us-west-2", CONNECT, Duration::ZERO).unwrap();
    let lasting = Credentials::new("AKIDEXAMPLE", SECRET);
    assert_eq!(signed_by(&lasting, twice), signed("GET", "/", &[], ""));
}

#[test]
fn the_signed_host_is_the_one_that_clients_send() {
    for (uri, expected) in [
        ("https://a.example/x", "a.example"),
        ("https://a.example:443/x", "a.example"),
        ("http://a.example:80/x", "a.example"),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("https://[::1]:8443/x", "[::1]:8443"),
    ] {
        assert_eq!(host(&uri.parse().unwrap()).unwrap(), expected);
    }
}

#[test]
fn what_cannot_be_signed_is_refused_by_name() {
    let refused = |uri: &str, credentials: &Credentials, unix| {
        let mut request = request("GET", uri, &[], "");
        let error = sign(&mut request, credentials, "us-west-2", CONNECT, unix).unwrap_err();
        assert!(!request.headers().contains_key(AUTHORIZATION));
        error.to_string()
    };
    let good = Credentials::new("id", "secret");
    assert!(refused("/x", &good, TIME).contains("it must be absolute"));
    assert!(refused("https://a/", &good, Duration::MAX).starts_with("X-Amz-Date is not valid"));
    let token = good.clone().with_session_token("two\nlines");
    assert!(refused("https://a/", &token, TIME).starts_with("X-Amz-Security-Token"));
    let id = Credentials::new("two\nlines", "secret");
    assert!(refused("https://a/", &id, TIME).starts_with("Authorization"));
}

#[test]
fn debug_hides_the_secrets() {
    let credentials = Credentials::new("id", "SECRET").with_session_token("SECRET");
    let shown = format!("{credentials:?}");
    assert_eq!(shown, "Credentials { access_key_id: \"id\", .. }");
}

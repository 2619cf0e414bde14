//! Local AWS on a port, spoken to with plain bytes.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{account, authorization, start, with_faults};
use shipit::local::LocalAws;

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

async fn connect(local: LocalAws) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { local.serve(listener).await });
    TcpStream::connect(address).await.unwrap()
}

fn head(more: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         authorization: {}\r\n{more}\r\n\r\n",
        authorization("sts", "eu-west-1", "AKIALOCAL")
    )
}

/// Reads until what came ends with `end`.
async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.ends_with(end) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

#[tokio::test]
async fn keep_alive_chunks_and_expectations() {
    let mut stream = connect(account(&start())).await;
    let end = "</GetCallerIdentityResponse>";

    let plain = head(&format!("content-length: {}", BODY.len()));
    stream.write_all(format!("{plain}{BODY}").as_bytes()).await.unwrap();
    assert!(read_to(&mut stream, end).await.starts_with("HTTP/1.1 200 OK\r\n"));

    let chunked = head("transfer-encoding: chunked");
    let (one, two) = BODY.split_at(10);
    let chunks = format!("{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", one.len(), two.len());
    stream.write_all(format!("{chunked}{chunks}").as_bytes()).await.unwrap();
    assert!(read_to(&mut stream, end).await.starts_with("HTTP/1.1 200 OK\r\n"));

    let expecting = head(&format!("content-length: {}\r\nexpect: 100-continue", BODY.len()));
    stream.write_all(expecting.as_bytes()).await.unwrap();
    assert_eq!(read_to(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(BODY.as_bytes()).await.unwrap();
    assert!(read_to(&mut stream, end).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn it_says_that_it_is_there() {
    let mut stream = connect(account(&start())).await;
    stream.write_all(b"GET /_shipit/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(read_to(&mut stream, "{\"status\":\"ok\"}\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection() {
    let mut stream = connect(with_faults("rules: [{on: {}, fault: lost-answer}]")).await;
    let plain = head(&format!("content-length: {}", BODY.len()));
    stream.write_all(format!("{plain}{BODY}").as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(String::from_utf8(rest).unwrap(), "");
}

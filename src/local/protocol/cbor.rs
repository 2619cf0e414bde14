//! rpcv2Cbor: the path names the operation, bodies are CBOR (RFC 8949). A time is `{"$time": milliseconds}`
//! in outputs and a number of seconds in inputs, as in JSON.

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Number, Value, json};

use crate::local::error::AwsError;
use crate::local::service::Service;

/// Deeper than any body of AWS's APIs.
const MOST_OPEN: u32 = 64;
/// Seconds since 1970 follow.
const TIME: u64 = 1;
/// The first byte of what ends a list or map of unknown length.
const BREAK: u8 = 0xff;

/// The operation that the path names, if it is one of this service's, and the body.
pub(super) fn decode(
    service: &Service,
    request: &Request<Bytes>,
) -> Result<(String, Value), AwsError> {
    let path = request.uri().path();
    let operation = path
        .strip_prefix("/service/")
        .and_then(|rest| rest.strip_prefix(service.target)?.strip_prefix("/operation/"))
        .ok_or_else(|| {
            AwsError::not_modelled(format!(
                "local AWS serves {} as /service/{}/operation/*, not {path}",
                service.name, service.target
            ))
        })?;
    let malformed = |why: &str| AwsError::new("SerializationException", why);
    let input = if request.body().is_empty() {
        Value::Object(Map::new())
    } else {
        let mut reader = Reader { rest: request.body() };
        let value = reader.value(0).ok_or_else(|| malformed("the body is not CBOR"))?;
        if !value.is_object() || !reader.rest.is_empty() {
            return Err(malformed("the body is not one CBOR map"));
        }
        value
    };
    Ok((operation.to_owned(), input))
}

pub(super) fn success(output: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    match output {
        Value::Null => write(&mut bytes, &json!({})),
        output => write(&mut bytes, output),
    }
    bytes
}

pub(super) fn failure(error: &AwsError) -> Vec<u8> {
    let mut body = error.members.clone();
    body.insert("__type".to_owned(), error.code.clone().into());
    body.insert("message".to_owned(), error.message.clone().into());
    let mut bytes = Vec::new();
    write(&mut bytes, &Value::Object(body));
    bytes
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn unsigned(&mut self, count: usize) -> Option<u64> {
        Some(self.take(count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The number in a head: a count, a length, a tag; `None` inside for an unknown length.
    fn argument(&mut self, low: u8) -> Option<Option<u64>> {
        Some(match low {
            0..=23 => Some(low.into()),
            24..=27 => Some(self.unsigned(1 << (low - 24))?),
            31 => None,
            _ => return None,
        })
    }

    fn ends(&mut self) -> Option<bool> {
        let ends = *self.rest.first()? == BREAK;
        if ends {
            self.take(1)?;
        }
        Some(ends)
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth > MOST_OPEN {
            return None;
        }
        let head = *self.take(1)?.first()?;
        let (major, low) = (head >> 5, head & 31);
        if major == 7 {
            return self.simple(low);
        }
        let argument = self.argument(low)?;
        match (major, argument) {
            (0, Some(number)) => Some(number.into()),
            (1, Some(number)) => Some((-1 - i64::try_from(number).ok()?).into()),
            (3, Some(length)) => self.text(length).map(Value::from),
            (3, None) => {
                let mut text = String::new();
                while !self.ends()? {
                    text += self.value(depth + 1)?.as_str()?;
                }
                Some(text.into())
            }
            (4, length) => {
                let mut items = Vec::new();
                while !self.over(length, items.len())? {
                    items.push(self.value(depth + 1)?);
                }
                Some(items.into())
            }
            (5, length) => {
                let (mut members, mut read) = (Map::new(), 0);
                while !self.over(length, read)? {
                    let name = self.value(depth + 1)?.as_str()?.to_owned();
                    members.insert(name, self.value(depth + 1)?);
                    read += 1;
                }
                Some(members.into())
            }
            (6, Some(_)) => self.value(depth + 1),
            _ => None,
        }
    }

    /// Has a list or map of this length, of which so much was read, come to its end?
    fn over(&mut self, length: Option<u64>, read: usize) -> Option<bool> {
        match length {
            Some(length) => Some(u64::try_from(read).ok()? >= length),
            None => self.ends(),
        }
    }

    fn text(&mut self, length: u64) -> Option<String> {
        let bytes = self.take(usize::try_from(length).ok()?)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }

    fn simple(&mut self, low: u8) -> Option<Value> {
        Some(match low {
            20 => false.into(),
            21 => true.into(),
            22 | 23 => Value::Null,
            25 => number(half(u16::try_from(self.unsigned(2)?).ok()?))?,
            26 => number(f32::from_bits(u32::try_from(self.unsigned(4)?).ok()?).into())?,
            27 => number(f64::from_bits(self.unsigned(8)?))?,
            _ => return None,
        })
    }
}

fn number(value: f64) -> Option<Value> {
    Number::from_f64(value).map(Value::Number)
}

/// A float of sixteen bits.
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

fn write(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(flag) => bytes.push(if *flag { 0xf5 } else { 0xf4 }),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(bytes, 0, number),
            (None, Some(number)) => head(bytes, 1, number.unsigned_abs() - 1),
            (None, None) => float(bytes, number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => {
            head(bytes, 3, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            head(bytes, 4, items.len() as u64);
            items.iter().for_each(|item| write(bytes, item));
        }
        Value::Object(members) => match members.get("$time").and_then(Value::as_u64) {
            Some(at) => {
                head(bytes, 6, TIME);
                float(bytes, at as f64 / 1000.0);
            }
            None => {
                let members = members.iter().filter(|(_, value)| !value.is_null());
                head(bytes, 5, members.clone().count() as u64);
                for (name, value) in members {
                    write(bytes, &Value::from(name.as_str()));
                    write(bytes, value);
                }
            }
        },
    }
}

fn float(bytes: &mut Vec<u8>, value: f64) {
    bytes.push(0xfb);
    bytes.extend_from_slice(&value.to_be_bytes());
}

fn head(bytes: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..=23 => bytes.push(major | number as u8),
        24..=0xff => bytes.extend_from_slice(&[major | 24, number as u8]),
        0x100..=0xffff => {
            bytes.push(major | 25);
            bytes.extend_from_slice(&(number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            bytes.push(major | 26);
            bytes.extend_from_slice(&(number as u32).to_be_bytes());
        }
        _ => {
            bytes.push(major | 27);
            bytes.extend_from_slice(&number.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<Value> {
        let mut reader = Reader { rest: bytes };
        reader.value(0).filter(|_| reader.rest.is_empty())
    }

    #[test]
    fn what_is_written_reads_back() {
        let value = json!({
            "text": "grün", "none": [], "list": [0, 23, 24, 255, 256, 65_536, 4_294_967_296_u64, -1, -500],
            "float": 70.5, "yes": true, "no": false, "deep": {"map": {}},
        });
        assert_eq!(read(&success(&value)), Some(value));
        assert_eq!(read(&success(&json!({"at": {"$time": 1500}}))), Some(json!({"at": 1.5})));
        assert_eq!(read(&success(&json!({"left": null}))), Some(json!({})));
    }

    #[test]
    fn forms_that_only_clients_write_are_read() {
        // {_ "a": [_ 1], "b": (_ "x", "y"), "c": half 1.5, "d": single -2.0}
        let bytes = b"\xbf\x61a\x9f\x01\xff\x61b\x7f\x61x\x61y\xff\x61c\xf9\x3e\x00\x61d\xfa\xc0\x00\x00\x00\xff";
        assert_eq!(read(bytes), Some(json!({"a": [1], "b": "xy", "c": 1.5, "d": -2.0})));
        for broken in [&b"\xbf\x61a"[..], b"\x9f", b"\x63ab", b"\xff", b"\x1c", b"\xf9\x7c\x00"] {
            assert_eq!(read(broken), None, "{broken:?}");
        }
        assert_eq!(read(&[0x81; 1000]), None);
    }
}

//! The second pass over what junit-report wrote: what that crate has no word for, and text in place of CDATA.

use std::io;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

use super::counts::seconds;
use super::extra::{Extra, MESSAGE};
use crate::report::text::{clean, line};
use crate::verdict::check::Check;

/// Takes the one suite out of what was written, and adds to it and to each of its cases what is given for them.
pub(super) fn decorate(raw: &[u8], suite: Extra, cases: Vec<Extra>) -> io::Result<Vec<u8>> {
    let mut reader = Reader::from_reader(raw);
    let mut writer = Writer::new_with_indent(Vec::with_capacity(raw.len() * 2), b' ', 1);
    let mut suite = Some(suite);
    let mut cases = cases.into_iter();
    let mut pending: Option<Extra> = None;
    loop {
        let event = reader.read_event().map_err(io::Error::other)?;
        match event {
            Event::Eof => break,
            Event::Decl(_) => {}
            Event::Start(start) | Event::Empty(start) if start.name().as_ref() == b"testsuites" => {}
            Event::End(end) if end.name().as_ref() == b"testsuites" => {}
            Event::Start(start) if start.name().as_ref() == b"testsuite" => {
                let suite = suite.take().unwrap_or_default();
                let mut attributes = suite.attributes;
                attributes.insert(0, ("package", String::new()));
                let mut start = with(&start, attributes)?;
                start = without_empty(&start)?;
                write(&mut writer, Event::Start(start))?;
                write_properties(&mut writer, &suite.properties)?;
            }
            Event::Empty(start) if start.name().as_ref() == b"testcase" => {
                let extra = cases.next().unwrap_or_default();
                let element = with(&start, extra.attributes.clone())?;
                if extra.properties.is_empty() && extra.flaky.is_empty() {
                    write(&mut writer, Event::Empty(element))?;
                } else {
                    write(&mut writer, Event::Start(element))?;
                    write_properties(&mut writer, &extra.properties)?;
                    write_flaky(&mut writer, &extra.flaky, "flakyFailure")?;
                    write(&mut writer, Event::End(BytesEnd::new("testcase")))?;
                }
            }
            Event::Start(start) if start.name().as_ref() == b"testcase" => {
                let extra = cases.next().unwrap_or_default();
                write(&mut writer, Event::Start(with(&start, extra.attributes.clone())?))?;
                write_properties(&mut writer, &extra.properties)?;
                pending = Some(extra);
            }
            Event::Empty(start) if start.name().as_ref() == b"skipped" => {
                // GitLab shows the text of an element, never its message.
                let message = attribute(&start, "message")?;
                write(&mut writer, Event::Start(with(&start, Vec::new())?))?;
                write(&mut writer, Event::Text(BytesText::new(&message)))?;
                write(&mut writer, Event::End(BytesEnd::new("skipped")))?;
            }
            Event::End(end) if matches!(end.name().as_ref(), b"failure" | b"error" | b"skipped") => {
                write(&mut writer, Event::End(end.into_owned()))?;
                if let Some(extra) = pending.take() {
                    write_flaky(&mut writer, &extra.flaky, "rerunFailure")?;
                }
            }
            Event::CData(data) => {
                let text = String::from_utf8_lossy(&data).into_owned();
                write(&mut writer, Event::Text(BytesText::new(&text)))?;
            }
            other => write(&mut writer, other.into_owned())?,
        }
    }
    Ok(writer.into_inner())
}

fn write(writer: &mut Writer<Vec<u8>>, event: Event<'_>) -> io::Result<()> {
    writer.write_event(event)
}

/// The element with these attributes set; times are cut to three decimals.
fn with(start: &BytesStart<'_>, set: Vec<(&'static str, String)>) -> io::Result<BytesStart<'static>> {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let mut element = BytesStart::new(name);
    let mut values: Vec<(String, String)> = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(io::Error::other)?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = unescape(&attribute)?;
        let value = match (key.as_str(), value.parse::<f64>()) {
            ("time", Ok(time)) => seconds(time),
            _ => value,
        };
        values.push((key, value));
    }
    for (key, value) in set {
        match values.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => values.push((key.to_owned(), value)),
        }
    }
    for (key, value) in &values {
        element.push_attribute((key.as_str(), value.as_str()));
    }
    Ok(element)
}

/// `package=""` would be shown as a package of that name.
fn without_empty(start: &BytesStart<'_>) -> io::Result<BytesStart<'static>> {
    let mut element = BytesStart::new(String::from_utf8_lossy(start.name().as_ref()).into_owned());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(io::Error::other)?;
        if !attribute.value.is_empty() {
            element.push_attribute(attribute);
        }
    }
    Ok(element)
}

fn attribute(start: &BytesStart<'_>, name: &str) -> io::Result<String> {
    let found = start.try_get_attribute(name).map_err(io::Error::other)?;
    found.map_or_else(|| Ok(String::new()), |attribute| unescape(&attribute))
}

fn unescape(attribute: &Attribute<'_>) -> io::Result<String> {
    let text = String::from_utf8_lossy(&attribute.value);
    quick_xml::escape::unescape(&text).map(std::borrow::Cow::into_owned).map_err(io::Error::other)
}

fn write_properties(writer: &mut Writer<Vec<u8>>, properties: &[(String, String)]) -> io::Result<()> {
    if properties.is_empty() {
        return Ok(());
    }
    write(writer, Event::Start(BytesStart::new("properties")))?;
    for (name, value) in properties {
        let mut property = BytesStart::new("property");
        property.push_attribute(("name", name.as_str()));
        property.push_attribute(("value", value.as_str()));
        write(writer, Event::Empty(property))?;
    }
    write(writer, Event::End(BytesEnd::new("properties")))
}

fn write_flaky(writer: &mut Writer<Vec<u8>>, earlier: &[Check], element: &'static str) -> io::Result<()> {
    for check in earlier {
        let mut start = BytesStart::new(element);
        let message = line(&format!("{}: {}", check.name, check.reason), MESSAGE);
        start.push_attribute(("message", message.as_str()));
        start.push_attribute(("type", clean(&check.kind).as_str()));
        write(writer, Event::Start(start))?;
        write(writer, Event::Text(BytesText::new(&clean(&format!("{message}\n{}", check.detail)))))?;
        write(writer, Event::End(BytesEnd::new(element)))?;
    }
    Ok(())
}

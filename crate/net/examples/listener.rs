//! A listener to try the swarm from a browser: `cargo run --example listener -- DIRECTORY UDP_ADDR`.
//!
//! It keeps its key and certificate in the directory, so that its address is stable, and prints it.
//! It answers a state request of `[n, …]` with as many bytes as its last four say when `n` is 1, and
//! else with the request's length; it publishes a message to whoever subscribes, and one each second.

use std::{fs, path::Path, time::Duration};

use lampyris_net::{
    Config, Event, Handle, Key, Listen, Swarm, generate_certificate_pem, generate_key,
};
use lampyris_wire::gossip::{self, TopicKind};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("no directory")?;
    let udp_addr = arguments.next().ok_or("no address")?;
    let (key, certificate_pem) = identity(Path::new(&directory))?;
    let topic = gossip::topic_name([1, 2, 3, 4], TopicKind::FinalityUpdate);
    let config = Config {
        key,
        listen: Some(Listen {
            ws_addr: None,
            udp_addr,
            certificate_pem,
        }),
        topics: vec![topic.clone()],
        serve: true,
        republish: true,
        ..Config::default()
    };
    let (handle, mut events) = Swarm::new(config)?;
    tokio::spawn(publish_each_second(handle.clone(), topic.clone()));
    while let Some(event) = events.next().await {
        match event {
            Event::Listening { address } => println!("listening on {address}"),
            Event::Inbound {
                body, responder, ..
            } => responder.reply(answer(&body)),
            Event::Subscribed { .. } => {
                let _nobody = handle.publish(&topic, gossip::compress(b"welcome")).await;
            }
            event => println!("{event:?}"),
        }
    }
    Ok(())
}

fn identity(directory: &Path) -> Result<(Key, String), Box<dyn std::error::Error>> {
    let (key, certificate) = (directory.join("key"), directory.join("certificate.pem"));
    if !key.exists() {
        fs::create_dir_all(directory)?;
        fs::write(&key, generate_key().to_bytes())?;
        fs::write(&certificate, generate_certificate_pem()?)?;
    }
    Ok((
        Key::from_bytes(&fs::read(key)?)?,
        fs::read_to_string(certificate)?,
    ))
}

fn answer(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    match (body.first(), body.last_chunk()) {
        (Some(1), Some(wanted)) => {
            vec![7; usize::try_from(u32::from_le_bytes(*wanted)).unwrap_or(0)]
        }
        _ => length.to_le_bytes().to_vec(),
    }
}

async fn publish_each_second(handle: Handle, topic: String) {
    for number in 0_u64.. {
        let data = gossip::compress(&number.to_le_bytes());
        let _nobody = handle.publish(&topic, data).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

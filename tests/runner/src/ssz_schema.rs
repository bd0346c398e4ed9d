//! The specification's containers, as types of [`crate::ssz_model`].

use lampyris_verify::config::{Fork, Preset};

use crate::ssz_model::Type;
use crate::ssz_model::Type::{Bitlist, Bits, ByteList, Bytes, Container};

const U8: Type = Type::Uint(1);
const U64: Type = Type::Uint(8);
const U256: Type = Type::Uint(32);
const HASH: Type = Type::Bytes(32);
const PUBKEY: Type = Type::Bytes(48);
const SIGNATURE: Type = Type::Bytes(96);
const ADDRESS: Type = Type::Bytes(20);
const VERSION: Type = Type::Bytes(4);

/// A fork with its preset: what the types depend on.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The fork.
    pub fork: Fork,
    /// The preset.
    pub preset: Preset,
}

impl Schema {
    /// The type of a name, as far as it is known.
    #[must_use]
    pub fn by_name(self, name: &str) -> Option<Type> {
        Some(match name {
            "BeaconBlockHeader" => beacon_block_header(),
            "BeaconBlockBody" => self.beacon_block_body(),
            "BeaconState" => self.beacon_state(),
            "BeaconBlock" => self.beacon_block(),
            "SignedBeaconBlock" => Container(vec![self.beacon_block(), SIGNATURE]),
            "Checkpoint" => checkpoint(),
            "ForkData" => Container(vec![VERSION, HASH]),
            "SigningData" => Container(vec![HASH, HASH]),
            "ExecutionPayloadHeader" => self.execution_payload_header(),
            "SyncAggregate" => self.sync_aggregate(),
            "SyncCommittee" => self.sync_committee(),
            "LightClientHeader" => self.light_client_header(),
            "LightClientBootstrap" => Container(vec![
                self.light_client_header(),
                self.sync_committee(),
                branch(self.fork.generalized_indices().current_sync_committee),
            ]),
            "LightClientUpdate" => {
                let [attested, finalized, branch, aggregate, slot] = self.finality_update();
                let indices = self.fork.generalized_indices();
                Container(vec![
                    attested,
                    self.sync_committee(),
                    self::branch(indices.next_sync_committee),
                    finalized,
                    branch,
                    aggregate,
                    slot,
                ])
            }
            "LightClientFinalityUpdate" => Container(self.finality_update().to_vec()),
            "LightClientOptimisticUpdate" => {
                Container(vec![self.light_client_header(), self.sync_aggregate(), U64])
            }
            _ => return None,
        })
    }

    fn beacon_block(self) -> Type {
        Container(vec![U64, U64, HASH, HASH, self.beacon_block_body()])
    }

    fn finality_update(self) -> [Type; 5] {
        [
            self.light_client_header(),
            self.light_client_header(),
            branch(self.fork.generalized_indices().finalized_root),
            self.sync_aggregate(),
            U64,
        ]
    }

    fn light_client_header(self) -> Type {
        let mut fields = vec![beacon_block_header()];
        if self.fork >= Fork::Capella {
            fields.push(self.execution_payload_header());
            fields.push(branch(25));
        }
        Container(fields)
    }

    fn sync_committee(self) -> Type {
        Container(vec![
            Type::vector(PUBKEY, self.preset.sync_committee_size),
            PUBKEY,
        ])
    }

    fn sync_aggregate(self) -> Type {
        Container(vec![Bytes(self.preset.sync_committee_size / 8), SIGNATURE])
    }

    fn execution_payload_header(self) -> Type {
        let mut fields = execution_payload_start();
        fields.push(HASH);
        if self.fork >= Fork::Capella {
            fields.push(HASH);
        }
        if self.fork >= Fork::Deneb {
            fields.extend([U64, U64]);
        }
        Container(fields)
    }

    fn execution_payload(self) -> Type {
        let mut fields = execution_payload_start();
        fields.push(Type::list(ByteList(1 << 30), 1 << 20));
        if self.fork >= Fork::Capella {
            let withdrawal = Container(vec![U64, U64, ADDRESS, U64]);
            fields.push(Type::list(withdrawal, self.by_preset(16, 4)));
        }
        if self.fork >= Fork::Deneb {
            fields.extend([U64, U64]);
        }
        Container(fields)
    }

    fn beacon_block_body(self) -> Type {
        let is_electra = self.fork >= Fork::Electra;
        let signed_header = Container(vec![beacon_block_header(), SIGNATURE]);
        let deposit_data = Container(vec![PUBKEY, HASH, U64, SIGNATURE]);
        let deposit = Container(vec![Type::vector(HASH, 33), deposit_data]);
        let exit = Container(vec![Container(vec![U64, U64]), SIGNATURE]);
        let mut fields = vec![
            SIGNATURE,
            eth1_data(),
            HASH,
            Type::list(Container(vec![signed_header.clone(), signed_header]), 16),
            Type::list(self.attester_slashing(), if is_electra { 1 } else { 2 }),
            Type::list(self.attestation(), if is_electra { 8 } else { 128 }),
            Type::list(deposit, 16),
            Type::list(exit, 16),
            self.sync_aggregate(),
        ];
        if self.fork >= Fork::Bellatrix {
            fields.push(self.execution_payload());
        }
        if self.fork >= Fork::Capella {
            let change = Container(vec![Container(vec![U64, PUBKEY, ADDRESS]), SIGNATURE]);
            fields.push(Type::list(change, 16));
        }
        if self.fork >= Fork::Deneb {
            fields.push(Type::list(PUBKEY, 4096));
        }
        if is_electra {
            let deposit = Container(vec![PUBKEY, HASH, U64, SIGNATURE, U64]);
            let withdrawal = Container(vec![ADDRESS, PUBKEY, U64]);
            let consolidation = Container(vec![ADDRESS, PUBKEY, PUBKEY]);
            fields.push(Container(vec![
                Type::list(deposit, 8192),
                Type::list(withdrawal, 16),
                Type::list(consolidation, 2),
            ]));
        }
        Container(fields)
    }

    fn attester_slashing(self) -> Type {
        let indices = Type::list(U64, self.attesters());
        let indexed = Container(vec![indices, attestation_data(), SIGNATURE]);
        Container(vec![indexed.clone(), indexed])
    }

    fn attestation(self) -> Type {
        let mut fields = vec![Bitlist(self.attesters()), attestation_data(), SIGNATURE];
        if self.fork >= Fork::Electra {
            fields.push(if self.is_mainnet() { Bytes(8) } else { Bits });
        }
        Container(fields)
    }

    /// The most validators of one attestation.
    fn attesters(self) -> usize {
        let committees = if self.fork >= Fork::Electra {
            self.by_preset(64, 4)
        } else {
            1
        };
        2048 * committees
    }

    fn beacon_state(self) -> Type {
        let registry = 1_u64 << 40;
        let roots = Type::vector(HASH, self.by_preset(8192, 64));
        let eth1_votes = self.by_preset(64 * 32, 4 * 8);
        let validator = Container(vec![PUBKEY, HASH, U64, U8, U64, U64, U64, U64]);
        let mut fields = vec![
            U64,
            HASH,
            U64,
            Container(vec![VERSION, VERSION, U64]),
            beacon_block_header(),
            roots.clone(),
            roots,
            Type::list(HASH, 1 << 24),
            eth1_data(),
            Type::list(eth1_data(), eth1_votes),
            U64,
            Type::long_list(validator, registry),
            Type::long_list(U64, registry),
            Type::vector(HASH, self.by_preset(65_536, 64)),
            Type::vector(U64, self.by_preset(8192, 64)),
            Type::long_list(U8, registry),
            Type::long_list(U8, registry),
            Bits,
            checkpoint(),
            checkpoint(),
            checkpoint(),
            Type::long_list(U64, registry),
            self.sync_committee(),
            self.sync_committee(),
        ];
        if self.fork >= Fork::Bellatrix {
            fields.push(self.execution_payload_header());
        }
        if self.fork >= Fork::Capella {
            fields.extend([U64, U64, Type::list(Container(vec![HASH, HASH]), 1 << 24)]);
        }
        if self.fork >= Fork::Electra {
            let deposit = Container(vec![PUBKEY, HASH, U64, SIGNATURE, U64]);
            let withdrawal = Container(vec![U64, U64, U64]);
            let consolidation = Container(vec![U64, U64]);
            fields.extend([U64, U64, U64, U64, U64, U64]);
            fields.push(Type::list(deposit, 1 << 27));
            fields.push(Type::list(withdrawal, self.by_preset(1 << 27, 64)));
            fields.push(Type::list(consolidation, self.by_preset(1 << 18, 64)));
        }
        if self.fork >= Fork::Fulu {
            fields.push(Type::vector(U64, self.by_preset(64, 16)));
        }
        Container(fields)
    }

    fn is_mainnet(self) -> bool {
        self.preset == Preset::MAINNET
    }

    fn by_preset(self, mainnet: usize, minimal: usize) -> usize {
        if self.is_mainnet() { mainnet } else { minimal }
    }
}

/// The fields of payload and payload header up to the block's hash.
fn execution_payload_start() -> Vec<Type> {
    let bloom = Bytes(256);
    let extra = ByteList(32);
    vec![
        HASH, ADDRESS, HASH, HASH, bloom, HASH, U64, U64, U64, U64, extra, U256, HASH,
    ]
}

fn beacon_block_header() -> Type {
    Container(vec![U64, U64, HASH, HASH, HASH])
}

fn checkpoint() -> Type {
    Container(vec![U64, HASH])
}

fn attestation_data() -> Type {
    Container(vec![U64, U64, HASH, checkpoint(), checkpoint()])
}

fn eth1_data() -> Type {
    Container(vec![HASH, U64, HASH])
}

fn branch(gindex: u64) -> Type {
    Type::vector(HASH, gindex.ilog2() as usize)
}

//! What survives a reload: the verified store, as one record per chain.

use std::rc::Rc;

use lampyris_verify::light_client::LightClientStore;

use crate::{client::Inner, platform::Platform};

/// The record's format; another one is not read.
const VERSION: u8 = 1;

impl<P: Platform> Inner<P> {
    /// Continues where the last visit ended, if the record is sound and not too old.
    pub(crate) async fn load_chain(self: &Rc<Self>) {
        let key = self.chain_key("light-client");
        let Some(record) = self.platform.load(&key).await else {
            return;
        };
        let network = &self.config.network;
        let Some((&VERSION, bytes)) = record.split_first() else {
            self.chain.borrow_mut().note = Some("the stored state has another format".into());
            return;
        };
        match LightClientStore::decode(bytes, network) {
            Ok(store) => {
                let slot = store.finalized_header().beacon.slot;
                let mut chain = self.chain.borrow_mut();
                if network.is_within_weak_subjectivity(slot, self.current_slot()) {
                    chain.store = Some(store);
                    chain.head_supplier = "this browser's storage".into();
                    chain.finalized_supplier = "this browser's storage".into();
                } else {
                    chain.note =
                        Some("the stored state is too old; starting from the checkpoint".into());
                }
            }
            Err(error) => {
                self.chain.borrow_mut().note = Some(format!(
                    "the stored state is not usable ({error}); starting from the checkpoint"
                ));
            }
        }
    }

    /// Stores the verified state.
    pub(crate) async fn save_chain(self: &Rc<Self>) {
        let record = {
            let mut chain = self.chain.borrow_mut();
            let finalized = chain.finalized();
            let Some(store) = &chain.store else { return };
            let mut record = vec![VERSION];
            record.extend(store.encode(&self.config.network));
            chain.saved = finalized.map(|block| block.value().hash);
            record
        };
        if !self
            .platform
            .save(&self.chain_key("light-client"), Some(record))
            .await
        {
            self.chain.borrow_mut().note = Some(
                "the browser refuses to store the verified state; a reload starts anew".into(),
            );
        }
    }
}

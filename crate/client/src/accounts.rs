//! Keys of the user: sealed in storage, open only in this worker's memory and only while unlocked.

use std::rc::Rc;

use alloy_primitives::Address;
use lampyris_wallet::{address::to_checksum, key::SecretKey, vault::Vault};

use crate::{
    client::{Client, Inner},
    error::{Code, Error},
    event::{AccountView, CallResult},
    platform::Platform,
};

/// Accounts in one browser; listing and unlocking stay quick.
const ACCOUNTS_MAX: usize = 64;
const PREFIX: &str = "vault/";

impl<P: Platform> Client<P> {
    /// The accounts whose keys are stored here.
    pub fn accounts(&self) -> Vec<AccountView> {
        let unlocked = self.inner.unlocked.borrow();
        let sealed = self.inner.sealed.borrow();
        sealed
            .keys()
            .map(|address| AccountView {
                address: to_checksum(address),
                locked: !unlocked.contains_key(address),
            })
            .collect()
    }

    /// Makes a new key and seals it with the passphrase; it stays unlocked.
    ///
    /// # Errors
    /// If the passphrase cannot be used or the browser does not store it.
    pub async fn create_account(&self, passphrase: &str) -> CallResult<AccountView> {
        let mut entropy = [0_u8; 32];
        self.inner.platform.fill_entropy(&mut entropy);
        self.inner
            .keep(SecretKey::generate(&entropy)?, passphrase)
            .await
    }

    /// Imports a private key (hexadecimal) and seals it; it stays unlocked.
    ///
    /// # Errors
    /// If the key or the passphrase cannot be used or the browser does not store it.
    pub async fn import_account(&self, key: &str, passphrase: &str) -> CallResult<AccountView> {
        self.inner.keep(SecretKey::from_hex(key)?, passphrase).await
    }

    /// Opens an account's key for this visit.
    ///
    /// # Errors
    /// [`Code::WrongPassphrase`], or if there is no such account.
    pub fn unlock(&self, address: Address, passphrase: &str) -> CallResult<AccountView> {
        let record = self
            .inner
            .sealed
            .borrow()
            .get(&address)
            .cloned()
            .ok_or_else(unknown)?;
        let key = Vault::decode(&record)?.open(passphrase)?;
        self.inner.unlocked.borrow_mut().insert(address, key);
        Ok(AccountView {
            address: to_checksum(&address),
            locked: false,
        })
    }

    /// Forgets an account's open key.
    pub fn lock(&self, address: Address) {
        self.inner.unlocked.borrow_mut().remove(&address);
    }

    /// Removes an account's key from this browser, for good.
    ///
    /// # Errors
    /// If there is no such account or storage refuses.
    pub async fn remove_account(&self, address: Address) -> CallResult<()> {
        self.lock(address);
        self.inner
            .sealed
            .borrow_mut()
            .remove(&address)
            .ok_or_else(unknown)?;
        self.inner
            .save_or_fail(&format!("{PREFIX}{address:x}"), None)
            .await
    }
}

impl<P: Platform> Inner<P> {
    pub(crate) async fn load_vault(self: &Rc<Self>) {
        for key in self
            .platform
            .keys(PREFIX)
            .await
            .into_iter()
            .take(ACCOUNTS_MAX)
        {
            let Some(record) = self.platform.load(&key).await else {
                continue;
            };
            match Vault::decode(&record) {
                Ok(vault) => {
                    self.sealed.borrow_mut().insert(vault.address(), record);
                }
                Err(error) => {
                    self.chain.borrow_mut().note =
                        Some(format!("a stored account cannot be read: {error}"));
                }
            }
        }
    }

    async fn keep(self: &Rc<Self>, key: SecretKey, passphrase: &str) -> CallResult<AccountView> {
        let address = key.address();
        let full = self.sealed.borrow().len() >= ACCOUNTS_MAX;
        if full && !self.sealed.borrow().contains_key(&address) {
            return Err(Error::invalid_argument(format!(
                "at most {ACCOUNTS_MAX} accounts"
            )));
        }
        let mut entropy = [0_u8; Vault::ENTROPY_BYTES];
        self.platform.fill_entropy(&mut entropy);
        let record = Vault::seal(&key, passphrase, &entropy)?.encode();
        self.save_or_fail(&format!("{PREFIX}{address:x}"), Some(record.clone()))
            .await?;
        self.sealed.borrow_mut().insert(address, record);
        self.unlocked.borrow_mut().insert(address, key);
        Ok(AccountView {
            address: to_checksum(&address),
            locked: false,
        })
    }

    pub(crate) async fn save_or_fail(&self, key: &str, value: Option<Vec<u8>>) -> CallResult<()> {
        if self.platform.save(key, value).await {
            Ok(())
        } else {
            Err(Error::unavailable(
                "the browser refuses to store it; free some space and try again",
            ))
        }
    }
}

impl From<lampyris_wallet::Error> for Error {
    fn from(error: lampyris_wallet::Error) -> Self {
        let code = match &error {
            lampyris_wallet::Error::WrongPassphrase => Code::WrongPassphrase,
            _ => Code::InvalidArgument,
        };
        Self::new(code, error.to_string())
    }
}

fn unknown() -> Error {
    Error::invalid_argument("no key of this account is stored here")
}

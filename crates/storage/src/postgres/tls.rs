//! TLS towards a server, by the `sslmode` words of libpq.
//!
//! | `sslmode` | encrypted | certificate checked | host name checked |
//! |---|---|---|---|
//! | `disable` | no | | |
//! | `allow`, `prefer` (the default) | if the server can | no | no |
//! | `require` | yes | no; with `sslrootcert` as `verify-ca` | no |
//! | `verify-ca` | yes | yes | no |
//! | `verify-full` | yes | yes | yes |
//!
//! Roots are those of `sslrootcert`, a PEM file, or the system's where none is given.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postgres::config::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What is checked of a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Nothing,
    Chain,
    ChainAndName,
}

/// How to speak TLS with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TlsPolicy {
    mode: SslMode,
    check: Check,
    roots: Option<PathBuf>,
}

impl TlsPolicy {
    /// The policy of these words; what is wrong with them otherwise.
    pub(super) fn parse(mode: Option<&str>, roots: Option<&str>) -> Result<Self, String> {
        let roots = roots.filter(|roots| *roots != "system").map(PathBuf::from);
        let (mode, check) = match mode {
            Some("disable") => (SslMode::Disable, Check::Nothing),
            None | Some("allow" | "prefer") => (SslMode::Prefer, Check::Nothing),
            Some("require") if roots.is_some() => (SslMode::Require, Check::Chain),
            Some("require") => (SslMode::Require, Check::Nothing),
            Some("verify-ca") => (SslMode::Require, Check::Chain),
            Some("verify-full") => (SslMode::Require, Check::ChainAndName),
            Some(other) => {
                return Err(format!(
                    "`sslmode={other}` is none of disable, allow, prefer, require, verify-ca, verify-full"
                ));
            }
        };
        Ok(Self { mode, check, roots })
    }

    pub(super) fn mode(&self) -> SslMode {
        self.mode
    }

    /// A connector that keeps to the policy; what is wrong with the roots otherwise.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring supports the default protocol versions");
        let config = match self.check {
            Check::ChainAndName => builder.with_root_certificates(self.root_store()?).with_no_client_auth(),
            Check::Chain => {
                let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.root_store()?), provider);
                let inner = verifier.build().map_err(|error| error.to_string())?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(ChainOnly(inner))).with_no_client_auth()
            }
            Check::Nothing => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
                .with_no_client_auth(),
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn root_store(&self) -> Result<RootCertStore, String> {
        let mut store = RootCertStore::empty();
        match &self.roots {
            Some(path) => add_file(&mut store, path)?,
            None => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if store.is_empty() {
            return Err("the system has no root certificates; name a PEM file with `sslrootcert=`".to_owned());
        }
        Ok(store)
    }
}

fn add_file(store: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let problem = |why: String| format!("`sslrootcert={}` cannot be used: {why}", path.display());
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| problem(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| problem(error.to_string()))?;
        store.add(certificate).map_err(|error| problem(error.to_string()))?;
    }
    if store.is_empty() { Err(problem("it holds no certificate".to_owned())) } else { Ok(()) }
}

/// Encryption without authentication, as libpq's `prefer` and `require` have it.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The chain must lead to a root; the name in the certificate may be another.
#[derive(Debug)]
struct ChainOnly(Arc<WebPkiServerVerifier>);

/// Whether a certificate was refused for its name alone, which webpki looks at last.
fn is_name_only(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
    )
}

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(error) if is_name_only(&error) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_libpq_mean_what_libpq_means() {
        let policy = |mode, roots| TlsPolicy::parse(mode, roots).map(|policy| (policy.mode, policy.check));
        assert_eq!(policy(None, None), Ok((SslMode::Prefer, Check::Nothing)));
        assert_eq!(policy(Some("disable"), None), Ok((SslMode::Disable, Check::Nothing)));
        assert_eq!(policy(Some("require"), None), Ok((SslMode::Require, Check::Nothing)));
        assert_eq!(policy(Some("require"), Some("/ca.pem")), Ok((SslMode::Require, Check::Chain)));
        assert_eq!(policy(Some("verify-ca"), None), Ok((SslMode::Require, Check::Chain)));
        assert_eq!(policy(Some("verify-full"), Some("system")), Ok((SslMode::Require, Check::ChainAndName)));
        assert!(policy(Some("yes"), None).unwrap_err().contains("sslmode=yes"));
    }

    #[test]
    fn roots_that_are_not_there_are_named() {
        let policy = TlsPolicy::parse(Some("verify-full"), Some("/nowhere/ca.pem")).unwrap();
        let problem = policy.connector().err().unwrap();
        assert!(problem.contains("sslrootcert=/nowhere/ca.pem"), "{problem}");
    }
}

package import NIOSSL

/// A server's certificate and key.
package struct BoltTLS: Sendable {
    /// What a connection starts from.
    package let context: NIOSSLContext

    /// Reads them from files in PEM; the certificate's file may hold the whole chain. TLS 1.2 at least.
    /// - Throws: `NIOSSLError`, or what reading the files fails with.
    package init(certificate: String, key: String) throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        self.context = try NIOSSLContext(configuration: configuration)
    }
}

internal import COpenSSL

/// SHA-256 as OpenSSL computes it.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer?

    /// Starts an empty message.
    package init() {
        self.context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(self.context, EVP_sha256(), nil)
    }

    deinit { EVP_MD_CTX_free(self.context) }

    /// Adds bytes to the message. O(bytes).
    package mutating func update(_ bytes: borrowing Span<UInt8>) {
        bytes.withUnsafeBufferPointer { buffer in
            _ = EVP_DigestUpdate(self.context, buffer.baseAddress, buffer.count)
        }
    }

    /// Ends the message; gives its digest in 64 lower-case hexadecimal digits.
    package consuming func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(self.context, &digest, nil)
        return hexadecimal(digest)
    }

    /// The digest of a whole message.
    package static func digest(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes.span)
        return hash.finish()
    }

    /// Whether a text has the form of a digest: 64 lower-case hexadecimal digits.
    package static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

/// Bytes as lower-case hexadecimal digits.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server does with the answers of kenmend, in Java 11, without
 * libraries.
 *
 * <pre>
 * java Check.java login ORIGIN CHALLENGE CAS &lt; jws
 * java Check.java sign DOCUMENT SIGNATURE CERTIFICATE CAS
 * </pre>
 *
 * CHALLENGE, SIGNATURE and CERTIFICATE are base64, DOCUMENT a file that the
 * server itself holds, CAS a directory with the PEM certificates of the CAs of
 * JPKI for this purpose and no other: those that issue for logins (利用者証明用)
 * for login, those for signatures (署名用) for sign. Prints the certificate's
 * serial number, or why it is no; the exit status says the same. Revocation is
 * not checked: only those who are accredited by law may ask for that.
 */
public final class Check {
    /** Seconds that a login may take to arrive. */
    private static final long MAX_AGE = 300;
    /** And that its computer's clock may be ahead. */
    private static final long AHEAD = 60;

    /*
     * Header and payload as kenmend writes them, to the letter: what differs
     * is refused. Java has no JSON; a JOSE library is the other way.
     */
    private static final Pattern HEADER = Pattern.compile(
        "\\{\"alg\":\"RS256\",\"typ\":\"kenmen-login\\+jwt\",\"x5c\":\\[\"([A-Za-z0-9+/=]+)\"\\]\\}");
    private static final Pattern PAYLOAD = Pattern.compile(
        "\\{\"aud\":\"([^\"\\\\]+)\",\"nonce\":\"([A-Za-z0-9_-]+)\",\"iat\":([0-9]{1,15})\\}");

    private static final class Refused extends Exception {
        Refused(String why) {
            super(why);
        }
    }

    private static void need(boolean condition, String otherwise) throws Refused {
        if (!condition)
            throw new Refused(otherwise);
    }

    private static byte[] unb64url(String text) {
        return Base64.getUrlDecoder().decode(text);
    }

    private static Matcher match(Pattern pattern, String part) throws Refused {
        Matcher m = pattern.matcher(new String(unb64url(part), StandardCharsets.UTF_8));
        need(m.matches(), "not a login");
        return m;
    }

    private static X509Certificate certificate(InputStream in) throws GeneralSecurityException {
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }

    private static X509Certificate certificate(byte[] der) throws Exception {
        try (InputStream in = new java.io.ByteArrayInputStream(der)) {
            return certificate(in);
        }
    }

    private static void checkSignature(X509Certificate by, byte[] data, byte[] signature)
        throws Exception {
        need(by.getPublicKey().getAlgorithm().equals("RSA"), "not an RSA key");
        Signature rsa = Signature.getInstance("SHA256withRSA");
        rsa.initVerify(by.getPublicKey());
        rsa.update(data);
        need(rsa.verify(signature), "the signature does not fit");
    }

    private static boolean issued(X509Certificate certificate, X509Certificate ca) {
        if (!certificate.getIssuerX500Principal().equals(ca.getSubjectX500Principal()))
            return false;
        try {
            certificate.verify(ca.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** It is one of the CAs', and valid now. */
    private static void checkCertificate(X509Certificate certificate, Path directory)
        throws Exception {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.pem")) {
            for (Path file : files) {
                X509Certificate ca;
                try (InputStream in = Files.newInputStream(file)) {
                    ca = certificate(in);
                }
                if (!issued(certificate, ca))
                    continue;
                certificate.checkValidity();
                ca.checkValidity();
                return;
            }
        }
        throw new Refused("the certificate is from another CA");
    }

    /**
     * The certificate of who logs in. One person may have several in a row:
     * keep its key, or its issuer and serial number, as the account's own.
     */
    static X509Certificate checkLogin(String jws, String origin, byte[] challenge, Path directory)
        throws Exception {
        String[] part = jws.split("\\.", -1);
        need(part.length == 3, "not a JWS");
        Matcher header = match(HEADER, part[0]), payload = match(PAYLOAD, part[1]);
        // As it was asked for, by this site, just now.
        need(payload.group(1).equals(origin), "for another site");
        need(MessageDigest.isEqual(unb64url(payload.group(2)), challenge),
            "the answer to another challenge");
        long age = System.currentTimeMillis() / 1000 - Long.parseLong(payload.group(3));
        need(-AHEAD <= age && age <= MAX_AGE, "too old, or from the future");
        X509Certificate certificate = certificate(Base64.getDecoder().decode(header.group(1)));
        checkSignature(certificate,
            (part[0] + "." + part[1]).getBytes(StandardCharsets.US_ASCII), unb64url(part[2]));
        checkCertificate(certificate, directory);
        return certificate;
    }

    /** The certificate of who signed the document that the server holds. */
    static X509Certificate checkSign(byte[] document, byte[] signature, byte[] der, Path directory)
        throws Exception {
        X509Certificate certificate = certificate(der);
        checkSignature(certificate, document, signature);
        checkCertificate(certificate, directory);
        return certificate;
    }

    public static void main(String[] args) {
        Base64.Decoder base64 = Base64.getDecoder();
        try {
            X509Certificate certificate = args[0].equals("login") ?
                checkLogin(new String(System.in.readAllBytes(), StandardCharsets.US_ASCII).trim(),
                    args[1], base64.decode(args[2]), Path.of(args[3])) :
                checkSign(Files.readAllBytes(Path.of(args[1])), base64.decode(args[2]),
                    base64.decode(args[3]), Path.of(args[4]));
            System.out.println("ok " + certificate.getSerialNumber().toString(16));
        } catch (Exception e) {
            System.err.println("no: " + e.getMessage());
            System.exit(1);
        }
    }
}

import java.io.FileInputStream;
import java.io.FileReader;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampResponseGenerator;
import org.bouncycastle.tsp.TimeStampTokenGenerator;
import org.bouncycastle.tsp.ers.ERSArchiveTimeStampGenerator;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSData;
import org.bouncycastle.tsp.ers.ERSDataGroup;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;
import org.bouncycastle.tsp.ers.ERSEvidenceRecordGenerator;

/**
 * Bouncy Castle's evidence records, for the tests: an implementation that is not ours.
 *
 * <p>{@code make KIND KEY LEAF ISSUER MILLIS FILE...}: write FILE.ers beside each file; KIND is
 * {@code plain}, {@code sha512}, {@code group} (the first two files together) or {@code renewed}.
 * {@code verify LEAF (FILE RECORD)...}: one line each, "yes" or "no" and why.
 */
public final class Ers {
    private final DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().build();
    private final X509Certificate leaf;

    private Ers(String leaf) throws Exception {
        this.leaf = certificate(leaf);
    }

    public static void main(String[] words) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        if (words[0].equals("make")) {
            new Ers(words[3]).make(words[1], words[2], words[4], Long.parseLong(words[5]),
                Arrays.asList(words).subList(6, words.length));
            return;
        }
        Ers own = new Ers(words[1]);
        for (int at = 2; at < words.length; at += 2) {
            System.out.println(own.verify(bytes(words[at]), bytes(words[at + 1])));
        }
    }

    private void make(String kind, String key, String issuer, long millis, List<String> names)
            throws Exception {
        ASN1ObjectIdentifier algorithm = kind.equals("sha512")
            ? NISTObjectIdentifiers.id_sha512 : NISTObjectIdentifiers.id_sha256;
        ERSArchiveTimeStampGenerator tree =
            new ERSArchiveTimeStampGenerator(digests.get(new AlgorithmIdentifier(algorithm)));
        List<ERSData> data = new ArrayList<>();
        for (String name : names) {
            data.add(new ERSByteData(bytes(name)));
        }
        List<ERSData> leaves = new ArrayList<>(data);
        if (kind.equals("group")) {
            leaves = new ArrayList<>(data.subList(2, data.size()));
            leaves.add(new ERSDataGroup(data.get(0), data.get(1)));
        }
        tree.addAllData(leaves);
        TimeStampRequestGenerator asking = new TimeStampRequestGenerator();
        asking.setCertReq(true);
        TimeStampTokenGenerator tokens = new TimeStampTokenGenerator(
            new JcaSimpleSignerInfoGeneratorBuilder().build("SHA256withECDSA", key(key), leaf),
            digests.get(new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256)),
            new ASN1ObjectIdentifier("1.3.6.1.4.1.32473.1.3161"));
        tokens.addCertificates(new JcaCertStore(Arrays.asList(leaf, certificate(issuer))));
        Date hour = new Date(millis);
        TimeStampResponse answer = answer(tokens, tree.generateTimeStampRequest(asking), hour);
        for (ERSEvidenceRecord record
                : new ERSEvidenceRecordGenerator(digests).generate(tree.generateArchiveTimeStamps(answer))) {
            ERSEvidenceRecord given = record;
            if (kind.equals("renewed")) {
                TimeStampRequest again = record.generateTimeStampRenewalRequest(asking);
                given = record.renewTimeStamp(answer(tokens, again, hour));
            }
            for (int of = 0; of < data.size(); of++) {
                // They come in an order of their own: each is asked which data it holds.
                if (record.isContaining(data.get(of), hour)) {
                    Files.write(Paths.get(names.get(of) + ".ers"), given.getEncoded());
                }
            }
        }
    }

    private TimeStampResponse answer(TimeStampTokenGenerator tokens, TimeStampRequest asked, Date hour)
            throws Exception {
        return new TimeStampResponseGenerator(tokens, TSPAlgorithms.ALLOWED)
            .generate(asked, BigInteger.valueOf(7), hour);
    }

    private String verify(byte[] data, byte[] encoded) {
        try {
            ERSEvidenceRecord record = new ERSEvidenceRecord(encoded, digests);
            record.validate(new JcaSimpleSignerInfoVerifierBuilder().build(leaf));
            record.validatePresent(new ERSByteData(data), new Date());
            return "yes";
        } catch (Exception error) {
            return "no " + error;
        }
    }

    private static byte[] bytes(String name) throws Exception {
        return Files.readAllBytes(Paths.get(name));
    }

    private static X509Certificate certificate(String name) throws Exception {
        try (FileInputStream file = new FileInputStream(name)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
    }

    private static PrivateKey key(String name) throws Exception {
        try (PEMParser parser = new PEMParser(new FileReader(name))) {
            return new JcaPEMKeyConverter().getPrivateKey((PrivateKeyInfo) parser.readObject());
        }
    }
}

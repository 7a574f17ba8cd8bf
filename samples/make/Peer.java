import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.*;

/** One end of a session by Java: client|server ADDRESS PORT PROTOCOLS SUITE KEYSTORE BYTES-TO-READ HEX-TO-SEND. */
class Peer {
    public static void main(String[] a) throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(a[5]), "changeit".toCharArray());
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(store, "changeit".toCharArray());
        TrustManager everyone = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] c, String t) {}
            public void checkServerTrusted(X509Certificate[] c, String t) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {everyone}, null);
        int port = Integer.parseInt(a[2]), reads = Integer.parseInt(a[6]);
        byte[] sends = HexFormat.of().parseHex(a[7]);
        SSLSocket socket;
        if (a[0].equals("client")) {
            socket = (SSLSocket) context.getSocketFactory().createSocket();
            prepare(socket, a);
            socket.connect(new java.net.InetSocketAddress(a[1], port), 5000);
            socket.startHandshake();
            socket.getOutputStream().write(sends);
            read(socket, reads);
        } else {
            SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
            listener.bind(new java.net.InetSocketAddress(a[1], port));
            System.out.println("ready");
            socket = (SSLSocket) listener.accept();
            prepare(socket, a);
            read(socket, reads);
            socket.getOutputStream().write(sends);
        }
        socket.getInputStream().read();
        socket.close();
    }

    private static void prepare(SSLSocket socket, String[] a) throws Exception {
        socket.setSoTimeout(8000);
        socket.setEnabledProtocols(a[3].split(","));
        socket.setEnabledCipherSuites(new String[] {a[4]});
    }

    private static void read(SSLSocket socket, int bytes) throws Exception {
        InputStream in = socket.getInputStream();
        if (in.readNBytes(bytes).length != bytes) throw new IllegalStateException("closed too early");
    }
}

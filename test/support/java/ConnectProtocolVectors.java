import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Scanner;
import org.apache.kafka.connect.runtime.distributed.ConnectProtocol;
import org.apache.kafka.connect.runtime.distributed.ExtendedAssignment;
import org.apache.kafka.connect.runtime.distributed.ExtendedWorkerState;
import org.apache.kafka.connect.runtime.distributed.IncrementalCooperativeConnectProtocol;
import org.apache.kafka.connect.util.ConnectorTaskId;

/**
 * Bytes of the group protocol as the JVM worker's own classes write and read them.
 * Prints "name hex" lines; then reads "metadata|assignment hex" lines and prints what it understood.
 */
public class ConnectProtocolVectors {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) {
        print("metadata-v0", ConnectProtocol.serializeMetadata(new ConnectProtocol.WorkerState("http://a:8083/", 7L)));
        ExtendedAssignment allocation = assignment(2, 0, 0);
        for (boolean sessioned : new boolean[] {false, true}) {
            String version = sessioned ? "v2" : "v1";
            print("metadata-" + version + "-new", IncrementalCooperativeConnectProtocol.serializeMetadata(
                new ExtendedWorkerState("http://a:8083/", -1L, null), sessioned));
            print("metadata-" + version + "-empty", IncrementalCooperativeConnectProtocol.serializeMetadata(
                new ExtendedWorkerState("http://a:8083/", -1L, ExtendedAssignment.empty()), sessioned));
            print("metadata-" + version, IncrementalCooperativeConnectProtocol.serializeMetadata(
                new ExtendedWorkerState("http://a:8083/", 7L, sessioned ? allocation : assignment(1, 0, 0)), sessioned));
            print("assignment-" + version, IncrementalCooperativeConnectProtocol.serializeAssignment(
                assignment(sessioned ? 2 : 1, 0, 300000), sessioned));
        }
        print("assignment-v0", ConnectProtocol.serializeAssignment(new ConnectProtocol.Assignment(
            (short) 0, "leader-1", "http://a:8083/", 7L, List.of("file-source"), tasks("file-source", 0, 1))));
        print("assignment-v0-mismatch", ConnectProtocol.serializeAssignment(new ConnectProtocol.Assignment(
            ConnectProtocol.Assignment.CONFIG_MISMATCH, "leader-1", "http://a:8083/", 9L, List.of(), List.of())));
        print("assignment-v2-nothing", IncrementalCooperativeConnectProtocol.serializeAssignment(new ExtendedAssignment(
            (short) 2, (short) 0, "leader-1", "http://a:8083/", 9L, List.of(), List.of(), List.of(), List.of(), 0), true));
        System.out.println("end");
        Scanner in = new Scanner(System.in);
        while (in.hasNext()) {
            String kind = in.next();
            ByteBuffer bytes = ByteBuffer.wrap(HEX.parseHex(in.next()));
            System.out.println(kind.equals("metadata") ? readMetadata(bytes) : readAssignment(bytes));
        }
    }

    private static ExtendedAssignment assignment(int version, int error, int delay) {
        return new ExtendedAssignment((short) version, (short) error, "leader-1", "http://a:8083/", 7L,
            List.of("file-source"), tasks("file-source", 0, 1), List.of("old"), tasks("old", 3), delay);
    }

    private static Collection<ConnectorTaskId> tasks(String connector, int... numbers) {
        return java.util.Arrays.stream(numbers).mapToObj(n -> new ConnectorTaskId(connector, n)).toList();
    }

    private static String readMetadata(ByteBuffer bytes) {
        short version = bytes.getShort(0);
        if (version == 0) {
            ConnectProtocol.WorkerState state = ConnectProtocol.deserializeMetadata(bytes);
            return state.url() + " " + state.offset();
        }
        ExtendedWorkerState state = IncrementalCooperativeConnectProtocol.deserializeMetadata(bytes);
        ExtendedAssignment held = state.assignment();
        return state.url() + " " + state.offset() + " " + sorted(held.connectors()) + " " + sorted(held.tasks());
    }

    private static String readAssignment(ByteBuffer bytes) {
        if (bytes.getShort(0) == 0) {
            ConnectProtocol.Assignment a = ConnectProtocol.deserializeAssignment(bytes);
            return a.error() + " " + a.leader() + " " + a.leaderUrl() + " " + a.offset() + " "
                + sorted(a.connectors()) + " " + sorted(a.tasks());
        }
        ExtendedAssignment a = IncrementalCooperativeConnectProtocol.deserializeAssignment(bytes);
        return a.error() + " " + a.leader() + " " + a.leaderUrl() + " " + a.offset() + " " + sorted(a.connectors()) + " "
            + sorted(a.tasks()) + " " + sorted(a.revokedConnectors()) + " " + sorted(a.revokedTasks()) + " " + a.delay();
    }

    private static List<String> sorted(Collection<?> items) {
        return items.stream().map(Object::toString).sorted().toList();
    }

    private static void print(String name, ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        System.out.println(name + " " + HEX.formatHex(copy));
    }
}

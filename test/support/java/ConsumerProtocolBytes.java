import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Scanner;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;

/**
 * Reads lines "subscription|assignment version hex" with the classes of Java's consumer. Prints what it understood,
 * " | " and the bytes it writes for that in this version; "refused" when it cannot read them.
 */
public class ConsumerProtocolBytes {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        while (in.hasNext()) {
            String kind = in.next();
            short version = in.nextShort();
            ByteBuffer bytes = ByteBuffer.wrap(HEX.parseHex(in.next()));
            try {
                System.out.println(kind.equals("subscription") ? subscription(bytes, version) : assignment(bytes, version));
            } catch (RuntimeException refused) {
                System.out.println("refused");
            }
        }
    }

    private static String subscription(ByteBuffer bytes, short version) {
        Subscription read = ConsumerProtocol.deserializeSubscription(bytes);
        return String.format("%s %s %s %s %s | %s", read.topics(), hex(read.userData()), read.ownedPartitions(),
            read.generationId().map(String::valueOf).orElse("null"), read.rackId().orElse("null"),
            hex(ConsumerProtocol.serializeSubscription(read, version)));
    }

    private static String assignment(ByteBuffer bytes, short version) {
        Assignment read = ConsumerProtocol.deserializeAssignment(bytes);
        return String.format("%s %s | %s", read.partitions(), hex(read.userData()),
            hex(ConsumerProtocol.serializeAssignment(read, version)));
    }

    private static String hex(ByteBuffer bytes) {
        if (bytes == null) return "null";
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return HEX.formatHex(copy);
    }
}

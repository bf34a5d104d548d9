import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Scanner;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * Shares partitions out as the leader of a group of Java's consumers would: each line of the input is a case, each line of
 * the output what its assignor answers for it: the assignment in bytes by member id, the user data of a member that holds
 * what the case says, or the error.
 */
public class AssignorCases {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        System.setProperty("log4j2.level", "OFF");
        Scanner in = new Scanner(System.in);
        while (in.hasNextLine()) System.out.println(JSON.writeValueAsString(answer(JSON.readTree(in.nextLine()))));
    }

    private static ObjectNode answer(JsonNode given) throws Exception {
        ObjectNode answer = JSON.createObjectNode();
        try {
            Map<String, Subscription> members = new HashMap<>();
            for (JsonNode member : given.get("members")) {
                Subscription subscription = ConsumerProtocol.deserializeSubscription(bytes(member.get("subscription")));
                subscription.setGroupInstanceId(Optional.ofNullable(member.get("groupInstanceId").textValue()));
                members.put(member.get("memberId").textValue(), subscription);
            }
            assignor(given).assign(cluster(given.get("topics")), new GroupSubscription(members)).groupAssignment()
                .forEach((id, of) -> answer.withObject("/assigned").put(id, hex(ConsumerProtocol.serializeAssignment(of))));
        } catch (RuntimeException error) {
            answer.put("error", error.toString());
        }
        ConsumerPartitionAssignor member = assignor(given);
        JsonNode held = given.get("held");
        if (!held.isNull()) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (JsonNode of : held.get("partitions"))
                partitions.add(new TopicPartition(of.get("topic").textValue(), of.get("partition").intValue()));
            member.onAssignment(new Assignment(partitions),
                new ConsumerGroupMetadata("group", held.get("generation").intValue(), "member", Optional.empty()));
        }
        answer.put("userData", hex(member.subscriptionUserData(Set.of())));
        return answer;
    }

    private static ConsumerPartitionAssignor assignor(JsonNode given) throws Exception {
        String name = "org.apache.kafka.clients.consumer." + given.get("assignor").textValue();
        return (ConsumerPartitionAssignor) Class.forName(name).getConstructor().newInstance();
    }

    private static Cluster cluster(JsonNode topics) {
        Node nowhere = new Node(0, "nowhere", 1);
        Map<String, Node> nodes = new HashMap<>(Map.of("", nowhere));
        List<PartitionInfo> partitions = new ArrayList<>();
        topics.fields().forEachRemaining(topic -> {
            int partition = 0;
            for (JsonNode racks : topic.getValue()) {
                List<Node> replicas = new ArrayList<>(List.of(nowhere));
                for (JsonNode rack : racks)
                    replicas.add(nodes.computeIfAbsent(rack.textValue(), r -> new Node(nodes.size(), r, 1, r)));
                Node[] all = replicas.toArray(new Node[0]);
                partitions.add(new PartitionInfo(topic.getKey(), partition++, all[0], all, all));
            }
        });
        return new Cluster("cluster", nodes.values(), partitions, Set.of(), Set.of());
    }

    private static ByteBuffer bytes(JsonNode hex) {
        return ByteBuffer.wrap(HEX.parseHex(hex.textValue()));
    }

    private static String hex(ByteBuffer bytes) {
        if (bytes == null) return null;
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return HEX.formatHex(copy);
    }
}

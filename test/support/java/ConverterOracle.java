import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.HeaderConverter;

/**
 * Answers what Kafka's own converters do. One JSON object per line in, one out, in order:
 * {op: "write"|"read"|"writeHeader"|"readHeader", class, config, schema, value | bytes} gives {bytes} or {schema, value};
 * {op: "config", class} gives {keys}. Whatever goes wrong gives {error}.
 */
public class ConverterOracle {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final long MS_PER_DAY = 86_400_000L;
    private static final String PREFIX = "org.apache.kafka.connect.data.";

    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode answer = JSON.objectNode();
            try {
                answer(mapper.readTree(line), answer);
            } catch (Throwable e) {
                answer.removeAll();
                answer.put("error", String.valueOf(e.getMessage()));
            }
            out.println(mapper.writeValueAsString(answer));
        }
        out.flush();
    }

    private static void answer(JsonNode question, ObjectNode answer) throws Exception {
        Object plugin = Class.forName(question.get("class").asText()).getDeclaredConstructor().newInstance();
        Map<String, String> config = new HashMap<>();
        if (question.has("config")) {
            question.get("config").fields().forEachRemaining(e -> config.put(e.getKey(), e.getValue().asText()));
        }
        String op = question.get("op").asText();
        if (op.equals("config")) {
            answer.set("keys", keys((ConfigDef) plugin.getClass().getMethod("config").invoke(plugin)));
            return;
        }
        if (op.endsWith("Header")) {
            config.put("converter.type", "header");
            ((HeaderConverter) plugin).configure(config);
        } else {
            ((Converter) plugin).configure(config, false);
        }
        switch (op) {
            case "write", "writeHeader" -> {
                Schema schema = schema(question.get("schema"));
                Object value = value(schema, question.get("value"));
                putBytes(answer, op.equals("write")
                    ? ((Converter) plugin).fromConnectData("t", schema, value)
                    : ((HeaderConverter) plugin).fromConnectHeader("t", "h", schema, value));
            }
            default -> {
                byte[] bytes = question.get("bytes").isNull() ? null : Base64.getDecoder().decode(question.get("bytes").asText());
                SchemaAndValue read = op.equals("read")
                    ? ((Converter) plugin).toConnectData("t", bytes)
                    : ((HeaderConverter) plugin).toConnectHeader("t", "h", bytes);
                answer.set("schema", read == null ? JSON.nullNode() : describe(read.schema()));
                answer.set("value", read == null ? JSON.nullNode() : describe(read.schema(), read.value()));
            }
        }
    }

    private static void putBytes(ObjectNode answer, byte[] bytes) {
        if (bytes == null) answer.putNull("bytes");
        else answer.put("bytes", Base64.getEncoder().encodeToString(bytes));
    }

    static ArrayNode keys(ConfigDef definition) {
        ArrayNode keys = JSON.arrayNode();
        for (ConfigDef.ConfigKey key : definition.configKeys().values()) {
            ObjectNode node = keys.addObject();
            node.put("name", key.name);
            node.put("type", key.type.name().toLowerCase());
            node.put("required", !key.hasDefault());
            node.put("default", key.hasDefault() && key.defaultValue != null ? String.valueOf(key.defaultValue) : null);
            node.put("importance", key.importance.name().toLowerCase());
            node.put("group", key.group);
            node.put("order", key.orderInGroup);
            node.put("width", key.width.name().toLowerCase());
            node.put("displayName", key.displayName);
        }
        return keys;
    }

    static Schema schema(JsonNode node) {
        if (node == null || node.isNull()) return null;
        SchemaBuilder builder = switch (node.get("type").asText()) {
            case "array" -> SchemaBuilder.array(schema(node.get("values")));
            case "map" -> SchemaBuilder.map(schema(node.get("keys")), schema(node.get("values")));
            default -> SchemaBuilder.type(Schema.Type.valueOf(node.get("type").asText().toUpperCase()));
        };
        if (node.get("type").asText().equals("struct")) {
            for (JsonNode field : node.get("fields")) builder.field(field.get("name").asText(), schema(field.get("schema")));
        }
        if (node.get("optional").asBoolean()) builder.optional();
        if (node.hasNonNull("name")) builder.name(node.get("name").asText());
        if (node.hasNonNull("version")) builder.version(node.get("version").asInt());
        if (node.hasNonNull("doc")) builder.doc(node.get("doc").asText());
        if (node.hasNonNull("parameters")) {
            for (JsonNode pair : node.get("parameters")) builder.parameter(pair.get(0).asText(), pair.get(1).asText());
        }
        if (node.hasNonNull("default")) builder.defaultValue(value(builder, node.get("default")));
        return builder.build();
    }

    private static String logicalName(Schema schema) {
        return schema == null || schema.name() == null || !schema.name().startsWith(PREFIX)
            ? "" : schema.name().substring(PREFIX.length());
    }

    static Object value(Schema schema, JsonNode node) {
        if (node == null || node.isNull()) return null;
        JsonNode v = node.get("v");
        return switch (node.get("t").asText()) {
            case "string" -> v.asText();
            case "boolean" -> v.asBoolean();
            case "bytes" -> Base64.getDecoder().decode(v.asText());
            case "decimal" -> new BigDecimal(new BigInteger(v.asText()), node.get("scale").asInt());
            case "float" -> schema != null && schema.type() == Schema.Type.FLOAT32
                ? (Object) Float.parseFloat(v.asText()) : (Object) Double.parseDouble(v.asText());
            case "int" -> integer(schema, Long.parseLong(v.asText()));
            case "moment" -> new Date(Long.parseLong(v.asText()));
            case "list" -> {
                List<Object> list = new ArrayList<>();
                for (JsonNode item : v) list.add(value(schema == null ? null : schema.valueSchema(), item));
                yield list;
            }
            case "map" -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (JsonNode pair : v) {
                    map.put(value(schema == null ? null : schema.keySchema(), pair.get(0)),
                        value(schema == null ? null : schema.valueSchema(), pair.get(1)));
                }
                yield map;
            }
            case "struct" -> {
                Struct struct = new Struct(schema);
                for (Field field : schema.fields()) {
                    Object part = value(field.schema(), v.get(field.index()));
                    if (part != null) struct.put(field, part);
                }
                yield struct;
            }
            default -> throw new IllegalArgumentException(node.toString());
        };
    }

    private static Object integer(Schema schema, long number) {
        switch (logicalName(schema)) {
            case "Date": return new Date(number * MS_PER_DAY);
            case "Time", "Timestamp": return new Date(number);
            default:
        }
        if (schema == null) return number;
        return switch (schema.type()) {
            case INT8 -> (Object) (byte) number;
            case INT16 -> (Object) (short) number;
            case INT32 -> (Object) (int) number;
            default -> (Object) number;
        };
    }

    static JsonNode describe(Schema schema) {
        if (schema == null) return JSON.nullNode();
        ObjectNode node = JSON.objectNode();
        node.put("type", schema.type().name().toLowerCase());
        node.put("optional", schema.isOptional());
        if (schema.name() != null) node.put("name", schema.name());
        if (schema.version() != null) node.put("version", schema.version());
        if (schema.doc() != null) node.put("doc", schema.doc());
        if (schema.parameters() != null) {
            ArrayNode parameters = node.putArray("parameters");
            new TreeMap<>(schema.parameters()).forEach((k, v) -> parameters.addArray().add(k).add(v));
        }
        if (schema.type() == Schema.Type.STRUCT) {
            ArrayNode fields = node.putArray("fields");
            for (Field field : schema.fields()) fields.addObject().put("name", field.name()).set("schema", describe(field.schema()));
        }
        if (schema.type() == Schema.Type.MAP) node.set("keys", describe(schema.keySchema()));
        if (schema.type() == Schema.Type.MAP || schema.type() == Schema.Type.ARRAY) node.set("values", describe(schema.valueSchema()));
        if (schema.defaultValue() != null) node.set("default", describe(schema, schema.defaultValue()));
        return node;
    }

    static ObjectNode tagged(String tag) {
        return JSON.objectNode().put("t", tag);
    }

    static JsonNode describe(Schema schema, Object value) {
        if (value == null) return JSON.nullNode();
        if (value instanceof String s) return tagged("string").put("v", s);
        if (value instanceof Boolean b) return tagged("boolean").put("v", b);
        if (value instanceof byte[] b) return tagged("bytes").put("v", Base64.getEncoder().encodeToString(b));
        if (value instanceof ByteBuffer b) return tagged("bytes").put("v", Base64.getEncoder().encodeToString(b.array()));
        if (value instanceof BigDecimal d) return tagged("decimal").put("v", d.unscaledValue().toString()).put("scale", d.scale());
        if (value instanceof Float || value instanceof Double) {
            return tagged("float").put("v", Double.toString(((Number) value).doubleValue()));
        }
        if (value instanceof Number n) return tagged("int").put("v", Long.toString(n.longValue()));
        if (value instanceof Date d) {
            if (schema == null) return tagged("moment").put("v", Long.toString(d.getTime()));
            long unit = logicalName(schema).equals("Date") ? MS_PER_DAY : 1;
            return tagged("int").put("v", Long.toString(d.getTime() / unit));
        }
        if (value instanceof List<?> list) {
            ArrayNode items = JSON.arrayNode();
            for (Object item : list) items.add(describe(schema == null ? null : schema.valueSchema(), item));
            return tagged("list").set("v", items);
        }
        if (value instanceof Map<?, ?> map) {
            TreeMap<String, ArrayNode> pairs = new TreeMap<>();
            map.forEach((k, v) -> {
                JsonNode key = describe(schema == null ? null : schema.keySchema(), k);
                pairs.put(key.toString(), JSON.arrayNode().add(key).add(describe(schema == null ? null : schema.valueSchema(), v)));
            });
            ArrayNode entries = JSON.arrayNode();
            pairs.values().forEach(entries::add);
            return tagged("map").set("v", entries);
        }
        Struct struct = (Struct) value;
        ArrayNode values = JSON.arrayNode();
        for (Field field : struct.schema().fields()) {
            values.add(describe(field.schema(), struct.getWithoutDefault(field.name())));
        }
        return tagged("struct").set("v", values);
    }
}

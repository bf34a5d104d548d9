import com.google.re2j.Pattern;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** Which names each expression matches as a whole by RE2/J: a line of 0 and 1 for each, or ! and the class of the refusal. */
public class TablePatterns {
  public static void main(String[] args) throws Exception {
    List<String> names = texts(args[0]);
    for (String pattern : texts(args[1])) System.out.println(matches(pattern, names));
  }

  private static String matches(String text, List<String> names) {
    try {
      Pattern pattern = Pattern.compile(text);
      StringBuilder bits = new StringBuilder("=");
      for (String name : names) bits.append(pattern.matcher(name).matches() ? '1' : '0');
      return bits.toString();
    } catch (RuntimeException e) {
      return "!" + e.getClass().getSimpleName();
    }
  }

  private static List<String> texts(String file) throws Exception {
    return Files.readAllLines(Path.of(file)).stream()
        .map(line -> new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8))
        .toList();
  }
}
